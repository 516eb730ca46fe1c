/** What a reset's numbers, and what its sender did afterwards, say of who made it. */
import type { OriginContext, OriginSign } from '../origin.js'

export function numberSigns(context: OriginContext): OriginSign[] {
  const { climbing, answersMissing, mirrored, print, rst } = context
  const signs: OriginSign[] = []
  if (climbing)
    signs.push({
      statement: 'several resets climb above everything the sender had sent',
      weight: answersMissing ? 1.5 : 4,
      frames: [rst.frame],
    })
  else if (print.aboveNext) {
    signs.push({
      statement: `its sequence number lies ${print.aboveNext} bytes above everything sent`,
      weight: 1,
      frames: [rst.frame],
    })
  }
  if (context.resetTwice && print.linuxSender) {
    // What is left of a closed socket answers by bare RSTs (Linux net/ipv4/tcp_ipv4.c tcp_v4_send_reset); Windows answers by RST+ACK.
    const statement = 'several RST+ACKs bear different numbers: a socket resets itself once'
    signs.push({ statement, weight: 3, frames: [rst.frame] })
  }
  signs.push(...afterwardsSigns(context))
  if (print.foreignNumber !== undefined) {
    // A device that rewrites numbers may have let a genuine one through unchanged: no proof alone.
    const statement = `its sequence number lies ${print.foreignNumber} bytes from everything that its sender had sent`
    signs.push({ statement, weight: 2, frames: [rst.frame] })
  }
  if (print.belowNext !== undefined) {
    // RST+ACK bears SND.NXT on 95 to 99 % of all systems (public captures): a device's copy of the numbers was older than the host's own data.
    const statement = `its sequence number lies ${print.belowNext} bytes below what its sender had already sent`
    signs.push({ statement, weight: 2, frames: [rst.frame] })
  }
  if (mirrored.length > 0) {
    signs.push({
      statement: 'both sides were reset at the same moment, neither in answer to the other',
      weight: 1.5,
      frames: mirrored.slice(0, 3),
    })
  }
  return signs
}

/** What its sender did after it. */
function afterwardsSigns({
  laterData,
  laterSegments,
  laterTaking,
  tookUnarrived,
  trigger,
}: OriginContext): OriginSign[] {
  const signs: OriginSign[] = []
  if (laterData.length > 0) {
    // A socket that has reset itself cannot; a stack that refuses a segment of a connection it does not know may have another one that lives on.
    const weight = trigger.active === false && trigger.kind !== 'syn' ? 2 : 4.5
    signs.push({
      statement: 'its sender went on sending new data afterwards',
      weight,
      frames: laterData.slice(0, 3),
    })
  }
  if (laterData.length === 0 && laterSegments.length > 0 && trigger.active) {
    const statement =
      'its sender went on acknowledging afterwards, which a socket that has reset itself does not'
    signs.push({ statement, weight: 2.5, frames: laterSegments.slice(0, 3) })
  } else if (laterData.length === 0 && laterTaking.length > 0 && trigger.kind !== 'syn') {
    // A stack that refuses a segment of a connection it does not know may have a twin behind the same address that lives on.
    const statement = 'its sender went on taking new data afterwards: its socket was still there'
    const weight = trigger.active === false ? 2 : tookUnarrived ? 4.5 : 3.5
    signs.push({ statement, weight, frames: laterTaking.slice(0, 3) })
  }
  return signs
}
