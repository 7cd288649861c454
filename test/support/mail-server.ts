import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A real mail server on loopback. It keeps what it accepts. */
export interface MailServer extends AsyncDisposable {
  port: number
  /** As it came over the wire, oldest first. */
  mails: { to: string[]; raw: string; email: Email }[]
  /** What it answers to a recipient, such as 450; nothing: it accepts. */
  refuses: number | undefined
  signIns: string[]
}

export async function startMailServer({ password }: { password?: string } = {}): Promise<MailServer> {
  const mails: MailServer['mails'] = []
  const signIns: string[] = []
  const refusal = (status: number): Error => Object.assign(new Error('secret words of the mail server'), { responseCode: status })
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', ...(password === undefined ? ['AUTH'] : [])],
    authOptional: password === undefined,
    allowInsecureAuth: true,
    onAuth({ username, password: given }, _session, done) {
      signIns.push(username ?? '')
      if (given === password) done(null, { user: username ?? '' })
      else done(refusal(535))
    },
    onRcptTo(_address, _session, done) {
      done(room.refuses === undefined ? null : refusal(room.refuses))
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks)
        PostalMime.parse(raw).then((email) => {
          mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw: raw.toString(), email })
          done()
        }, done)
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const room: MailServer = {
    ...{ mails, signIns, refuses: undefined, port: (server.server.address() as AddressInfo).port },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
  return room
}
