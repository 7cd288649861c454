import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { configFlags, loadConfig } from '../config.ts'
import type { Verb } from '../main.ts'
import { leave } from './admin/leave.ts'
import { openKeyFile } from './start/key-file.ts'

const usage = `Usage: npm run -s tierline -- admin leave LOGIN [flags]

Somebody leaves. Ends their sign-ins and their tokens for programs, revokes their operator's key, drops what they asked
for or signed and hasn't gone out, renews the enrolment tokens that are open, gives back their tickets and their turns on
call, and lists what they did in 30 days. It may be said again, such as when the key was not at hand.

  --with FILE             an authority key; needed where they are an operator
  --operator NAME         as the register of operators calls them (their name)
  --data DIR              the collector's data folder (./tierline-data)
  --database URL          postgres://…, when the collector was started with it
  --passphrase-file FILE  holds the passphrase of the key; asked for otherwise
`

const verb: Verb = {
  summary: 'ends all that somebody who leaves could do, and lists what they did',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const text = { type: 'string' } as const
    const options = { data, database, with: text, operator: text, 'passphrase-file': text }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { with: keyFile, operator, 'passphrase-file': passphrase, ...flags } = values
    const [act, login] = positionals
    if (act !== 'leave' || login === undefined) throw new Fault('flag-bad', 'Say `admin leave` and the login of whoever leaves.')
    const openKey = keyFile === undefined ? undefined : () => openKeyFile(keyFile, '--with', passphrase)
    const lines = await leave(loadConfig(flags, process.env), { login, operator, openKey })
    process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  },
}
export default verb
