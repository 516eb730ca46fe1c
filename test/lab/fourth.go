// Go programs of the fourth blind set: what net/http and net.Dialer do by themselves. First argument: which.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func ms(i int) time.Duration { return time.Duration(number(i)) * time.Millisecond }

// say writes what the far end made of it, for the log of a run.
func say(words ...any) { fmt.Fprintln(os.Stderr, words...) }

var filler = strings.Repeat("the quick brown fox jumps over the lazy dog\n", 1500)

// serve ADDRESS IDLE-MS [CERT KEY]: pages /, /slow (answers after 1.5 s), /big (4 MB), /stream (a line every 150 ms), /abort.
func serve() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, "fine")
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(1500 * time.Millisecond)
		fmt.Fprintln(w, filler[:3000])
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 64; i++ {
			if _, err := io.WriteString(w, filler); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 20; i++ {
			if _, err := io.WriteString(w, filler[:900]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(150 * time.Millisecond)
		}
	})
	mux.HandleFunc("/abort", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(250 * time.Millisecond)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	})
	server := &http.Server{Addr: os.Args[2], Handler: mux, IdleTimeout: ms(3)}
	if len(os.Args) > 4 {
		say(server.ListenAndServeTLS(os.Args[4], os.Args[5]))
		return
	}
	say(server.ListenAndServe())
}

// get URL COUNT EVERY-MS: requests one after the other on kept connections.
func get() {
	client := &http.Client{Timeout: 5 * time.Second}
	for i := 0; i < number(3); i++ {
		answer, err := client.Get(os.Args[2])
		if err == nil {
			n, _ := io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			say(answer.Status, n)
		} else {
			say(err)
		}
		time.Sleep(ms(4))
	}
}

// pool URL COUNT PAUSE-MS: so many requests at once, a pause, and again, on the connections kept from before.
func pool() {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 10}}
	for round := 0; round < 2; round++ {
		var all sync.WaitGroup
		for i := 0; i < number(3); i++ {
			all.Add(1)
			go func(i int) {
				defer all.Done()
				time.Sleep(time.Duration(i) * 3 * time.Millisecond)
				answer, err := client.Post(os.Args[2], "text/plain", strings.NewReader("an order\n"))
				if err != nil {
					say(err)
					return
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}(i)
		}
		all.Wait()
		time.Sleep(ms(4))
	}
}

// dial ADDRESS TIMEOUT-MS COUNT EVERY-MS [LAST-TIMEOUT-MS]: connects that are given up after the timeout; the last one may wait longer.
func dial() {
	for i := 0; i < number(4); i++ {
		patience := ms(3)
		if len(os.Args) > 6 && i == number(4)-1 {
			patience = ms(6)
		}
		conn, err := (&net.Dialer{Timeout: patience}).DialContext(context.Background(), "tcp", os.Args[2])
		if err == nil {
			fmt.Fprintf(conn, "GET / HTTP/1.0\r\nHost: lab.example\r\n\r\n")
			io.Copy(io.Discard, conn)
			conn.Close()
		}
		say(err)
		time.Sleep(ms(5))
	}
}

// burst ADDRESS COUNT: all at once connect and ask.
func burst() {
	var all sync.WaitGroup
	for i := 0; i < number(3); i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			conn, err := net.DialTimeout("tcp", os.Args[2], 3*time.Second)
			if err == nil {
				conn.SetDeadline(time.Now().Add(1500 * time.Millisecond))
				fmt.Fprintf(conn, "GET /report HTTP/1.1\r\nHost: lab.example\r\n\r\n")
				_, err = conn.Read(make([]byte, 100))
			}
			say(err)
		}()
	}
	all.Wait()
}

// probe ADDRESS COUNT EVERY-MS: a monitor that connects and drops the connection at once, without FIN.
func probe() {
	for i := 0; i < number(3); i++ {
		conn, err := net.DialTimeout("tcp", os.Args[2], time.Second)
		if err == nil {
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
		say(err)
		time.Sleep(ms(4))
	}
}

// part URL COUNT BYTES: reads the beginning of a body, thinks for 200 ms and closes it.
func part() {
	for i := 0; i < number(3); i++ {
		answer, err := (&http.Client{}).Get(os.Args[2])
		if err != nil {
			say(err)
			continue
		}
		io.ReadFull(answer.Body, make([]byte, number(4)))
		time.Sleep(200 * time.Millisecond)
		answer.Body.Close()
		time.Sleep(300 * time.Millisecond)
	}
}

func main() {
	map[string]func(){"serve": serve, "get": get, "pool": pool, "dial": dial, "burst": burst, "probe": probe, "part": part}[os.Args[1]]()
}
