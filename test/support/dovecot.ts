import { spawn, spawnSync } from 'node:child_process'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImapFlow } from 'imapflow'

/** A real IMAP server on loopback, in a folder of its own. */
export interface Dovecot extends AsyncDisposable {
  port: number
  password: string
  /** Puts a mail into the mailbox, as a mail server would. */
  deliver(raw: string): Promise<void>
  /** How many nobody has read. */
  unread(): Promise<number>
}

/** Its processes change users, so that only root can start it. */
export const canRunDovecot = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('dovecot', ['--version']).status === 0

export async function startDovecot(): Promise<Dovecot> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-dovecot-'))
  await chown(folder, mailUser, mailUser)
  const port = await freePort()
  const password = 'imap-password'
  const file = join(folder, 'dovecot.conf')
  await writeFile(file, configuration(folder, port, password))
  const child = spawn('dovecot', ['-F', '-c', file], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  await listening(port)
  const session = async <Result>(work: (client: ImapFlow) => Promise<Result>): Promise<Result> => {
    const client = new ImapFlow({
      host: '127.0.0.1',
      port,
      secure: false,
      doSTARTTLS: false,
      auth: { user: 'test', pass: password },
      logger: false,
    })
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.logout()
    }
  }
  return {
    ...{ port, password },
    deliver: (raw) =>
      session(async (client) => {
        await client.append('INBOX', raw.replaceAll(/\r?\n/g, '\r\n'))
      }),
    unread: () =>
      session(async (client) => {
        const status = await client.status('INBOX', { unseen: true })
        return status === false ? 0 : (status.unseen ?? 0)
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** nobody: dovecot reads no mail as root. */
const mailUser = 65_534

const configuration = (folder: string, port: number, password: string): string => `
protocols = imap
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
mail_location = maildir:${folder}/mail
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
auth_mechanisms = plain
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${mailUser} gid=${mailUser} home=${folder}
}
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`

/** Dovecot takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const isOpen = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true)).once('error', () => done(false))
      socket.once('connect', () => socket.end())
    })
    if (isOpen) return
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error('dovecot does not listen')
}
