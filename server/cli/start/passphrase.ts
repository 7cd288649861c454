import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Fault } from '#shared/domain/fault.ts'
import { readPassphrase } from '../../backup/passphrase.ts'

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/**
 * From a file that only its owner can read, or typed unseen at a terminal; never from an argument, which everybody on the
 * machine can read. @param label whose it is, such as "the first authority key".
 */
export async function askPassphrase(label: string, file: string | undefined): Promise<string> {
  if (file !== undefined) return readPassphrase({ file, stdin: process.stdin })
  if (!process.stdin.isTTY)
    throw new Fault('passphrase-missing', `Type the passphrase of ${label} at a terminal, or name a file of mode 0600 that holds it.`)
  process.stderr.write(`Passphrase of ${label}: `)
  const typing = createInterface({ input: process.stdin, output: nowhere(), terminal: true })
  const typed = await typing.question('').finally(() => typing.close())
  process.stderr.write('\n')
  return readPassphrase({ file: undefined, stdin: Object.assign(once(typed), { isTTY: false }) })
}

async function* once(text: string): AsyncGenerator<string> {
  yield text
}
