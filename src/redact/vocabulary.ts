/**
 * Words of protocols. What a report took from a payload ("GET /cart", "421 Too many connections from shop.example.com") keeps these in a
 * redacted one, and numbers up to four digits; every other word goes.
 */
const WORDS = `
  http https tls ssl ssh ftp smtp imap pop3 dns sip ldap smb rdp vnc mqtt amqp kafka redis memcached mongodb mysql postgresql cassandra
  websocket nats irc tds sql proxy adb grpc h2 quic
  get head post put delete connect options trace patch propfind report
  request response answer query reply header headers message text banner greeting records stream command code status
  ok continue created accepted no content partial moved permanently found see other not modified temporary redirect bad unauthorized
  forbidden method allowed acceptable timeout conflict gone length required large range internal server error implemented gateway
  service unavailable version supported
  alert fatal warning encrypted close notify unexpected record overflow decompression failure handshake certificate unsupported revoked
  expired unknown illegal parameter ca access denied decode decrypt protocol insufficient security inappropriate fallback user canceled
  renegotiation missing extension unrecognized name unobtainable hash value psk identity application
  clienthello serverhello newkeys mac
  ping pong publish subscribe unsubscribe disconnect connack connection start tune open confirm
  login startup ready cancel authentication authenticate encryption select insert update begin commit rollback prepare execute fetch
  produce metadata quit exit helo ehlo mail rcpt data rset noop auth starttls stls capa list retr stat dele uidl stor
  too many connections clients max number of reached limit exceeded closed closing refused failed failure result msg unencrypted html an page
`
const KNOWN: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter(Boolean))

/** Whether a word, in any case, says something of a protocol and nothing of its users. */
export function isProtocolWord(word: string): boolean {
  return KNOWN.has(word.toLowerCase()) || /^\d{1,4}$/.test(word) || /^0x[0-9a-f]{1,4}$/i.test(word)
}
