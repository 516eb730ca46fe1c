/* Sends mixed TCP connections on an interface at a given rate, every frame counted: flood IFACE PACKETS_PER_SECOND SECONDS RESET_PERCENT.
 * Prints one line when done: frames sent, of them RST, connections begun. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define LIVE 512   /* connections under way at once */
#define STEPS 20   /* packets of one */
#define BATCH 64
#define FRAME 1100

struct connection { uint32_t client, cseq, sseq; uint16_t port; int step, resets; };
static struct connection live[LIVE];
static unsigned long begun, rsts;
static int percent;
static uint16_t ipid;

static void begin(struct connection *c) {
  unsigned long n = begun++;
  c->client = htonl(0x0a620000 + (n / 50000) % 60000 + 1);
  c->port = 1024 + n % 50000;
  c->cseq = 1000 * n + 1; c->sseq = 7000 * n + 1; c->step = 0; c->resets = (int)(n % 100) < percent;
}

static uint32_t sum(const void *data, int length, uint32_t s) {
  const uint8_t *p = data;
  for (int i = 0; i + 1 < length; i += 2) s += p[i] << 8 | p[i + 1];
  if (length & 1) s += p[length - 1] << 8;
  return s;
}
static uint16_t fold(uint32_t s) { while (s >> 16) s = (s & 0xffff) + (s >> 16); return ~s; }

/* Writes the connection's next packet; returns its length. */
static int next(struct connection *c, uint8_t *f) {
  static const char flags[STEPS] = {2, 18, 16, 24, 24, 16, 24, 16, 24, 16, 24, 24, 16, 24, 16, 24, 16, 17, 17, 16};
  static const char server[STEPS] = {0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0};
  int s = c->step, from = server[s], flag = flags[s], bytes = flag == 24 ? (from ? 1000 : 120) : 0, last = s == STEPS - 1;
  if (c->resets && s == 17) { flag = 20; last = 1; rsts++; }
  uint32_t seq = from ? c->sseq : c->cseq, ack = from ? c->cseq : c->sseq;
  memset(f, 0, 54);
  memcpy(f, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0", 14);
  uint8_t *ip = f + 14, *tcp = ip + 20;
  uint32_t srv = htonl(0x0a610001), src = from ? srv : c->client, dst = from ? c->client : srv;
  uint16_t sp = htons(from ? 443 : c->port), dp = htons(from ? c->port : 443), total = htons(40 + bytes), id = htons(ipid++);
  ip[0] = 0x45; memcpy(ip + 2, &total, 2); memcpy(ip + 4, &id, 2); ip[6] = 0x40; ip[8] = from ? 64 : 57; ip[9] = 6;
  memcpy(ip + 12, &src, 4); memcpy(ip + 16, &dst, 4);
  uint16_t check = htons(fold(sum(ip, 20, 0))); memcpy(ip + 10, &check, 2);
  memcpy(tcp, &sp, 2); memcpy(tcp + 2, &dp, 2);
  uint32_t nseq = htonl(seq), nack = flag == 2 ? 0 : htonl(ack); memcpy(tcp + 4, &nseq, 4); memcpy(tcp + 8, &nack, 4);
  tcp[12] = 0x50; tcp[13] = flag; tcp[14] = 0xff; tcp[15] = 0xff;
  if (bytes) memset(tcp + 20, 'x', bytes), memcpy(tcp + 20, from ? "\27\3\3\3\343" : "\27\3\3\0\163", 5);
  check = htons(fold(sum(tcp, 20 + bytes, sum(ip + 12, 8, 6 + 20 + bytes)))); memcpy(tcp + 16, &check, 2);
  uint32_t used = bytes + ((flag & 3) != 0);
  if (from) c->sseq += used; else c->cseq += used;
  if (last) begin(c); else c->step++;
  return 54 + bytes;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  double rate = atof(argv[2]), seconds = atof(argv[3]); percent = atoi(argv[4]);
  int s = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(argv[1])};
  if (s < 0 || bind(s, (void *)&to, sizeof to)) { perror("flood"); return 1; }
  static uint8_t frames[BATCH][FRAME];
  struct iovec vec[BATCH]; struct mmsghdr msg[BATCH]; memset(msg, 0, sizeof msg);
  for (int i = 0; i < LIVE; i++) { begin(&live[i]); live[i].step = 0; }
  struct timespec start, now; clock_gettime(CLOCK_MONOTONIC, &start);
  unsigned long sent = 0, turn = 0, most = rate * seconds;
  while (sent < most) {
    for (int i = 0; i < BATCH; i++) {
      vec[i].iov_base = frames[i]; vec[i].iov_len = next(&live[turn++ % LIVE], frames[i]);
      msg[i].msg_hdr.msg_iov = &vec[i]; msg[i].msg_hdr.msg_iovlen = 1;
    }
    for (int done = 0; done < BATCH;) {
      int n = sendmmsg(s, msg + done, BATCH - done, 0);
      if (n < 0) { struct timespec p = {0, 100000}; nanosleep(&p, 0); continue; }
      done += n;
    }
    sent += BATCH;
    double due = sent / rate;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double at = now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9;
    if (due > at + 0.0002) { double w = due - at; struct timespec p = {(time_t)w, (long)((w - (time_t)w) * 1e9)}; nanosleep(&p, 0); }
  }
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("{\"frames\":%lu,\"rst\":%lu,\"connections\":%lu,\"seconds\":%.2f}\n", sent, rsts, begun, now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9);
}
