import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SignatureAnswer, UnsignedCommands } from '#shared/api/commands.ts'
import { everyPage } from '#shared/api/page.ts'
import { commands } from '#shared/commands/registry.ts'
import type { CommandOrder } from '#shared/domain/command.ts'
import { Fault } from '#shared/domain/fault.ts'
import { orderToShow } from '#shared/protocol/shown-order.ts'
import type { Verb } from '../main.ts'
import { openApi, printable } from './start/api.ts'
import { openKeyFile } from './start/key-file.ts'

const usage = `Usage: npm run -s tierline -- sign [DIGEST …] [flags]

Shows what waits for an operator's signature, and signs what is named by the digest that was shown, with the key that
lies on this machine. What you sign covers the head of the audit; each is kept beside your key, in FILE.audit-heads, for
\`tierline audit verify --heads\`. A digest is of the very bytes that are signed, and what is shown is read from them: bytes that the
collector exchanges meanwhile have another, and aren't signed. The names of machines are the collector's word.

  --with FILE             your operator's key
  --url URL               the collector's console (http://127.0.0.1:7840)
  --token-file FILE       holds your token for programs, and only you can read it
  --passphrase-file FILE  holds the key's passphrase; asked for otherwise
`

const verb: Verb = {
  summary: 'shows what waits for a signature, and signs it',
  usage,
  async run(args) {
    const text = { type: 'string' } as const
    const options = { with: text, url: text, 'token-file': text, 'passphrase-file': text }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const api = await openApi(values.url ?? 'http://127.0.0.1:7840', values['token-file'])
    const pages = await everyPage(
      async (after) => UnsignedCommands.parse(await api('GET', `/api/commands/unsigned${after === undefined ? '' : `?after=${after}`}`)),
      (page) => page.commands.at(-1)?.id,
    )
    const waiting = pages.flatMap((page) => page.commands)
    for (const each of waiting) process.stdout.write(shown(each))
    if (waiting.length === 0) process.stdout.write('Nothing waits for a signature.\n')
    if (positionals.length === 0) return
    const key = await openKeyFile(values.with, '--with', values['passphrase-file'])
    for (const named of positionals) {
      const found = waiting.find((each) => digestOf(each.payload) === named)
      if (!found)
        throw new Fault('command-unknown', `Nothing with the digest ${named} waits for a signature; name the digest that is shown first.`)
      const { payload, isBulk } = found
      const { id } = orderOf(payload)
      const jws = await key.signText(payload, 'tierline-command+jws')
      const { status, signed, needed } = SignatureAnswer.parse(
        await api('POST', `/api/${isBulk ? 'bulk' : 'commands'}/${id}/signatures`, { jws }),
      )
      rememberHead(values.with, orderOf(payload).auditHead)
      process.stdout.write(`${named}: signed by ${signed} of ${needed}; it is ${status}.\n`)
    }
  },
}
export default verb

/** Names the bytes, since which bytes go with an id is the collector's word. So long that whoever writes both orders finds no two with one digest. */
const digestOf = (payload: string): string => createHash('sha256').update(payload).digest('hex').slice(0, 40)

/** The order that these bytes are, and nothing else: one that isn't in the one form is shown to nobody. */
function orderOf(payload: string): CommandOrder {
  const order = orderToShow(payload)
  if (order) return order
  throw new Fault('payload-bad', 'The collector sent bytes that can be read in more than one way; don’t sign them.')
}

function shown({ payload, machines, signedBy, needed }: UnsignedCommands['commands'][number]): string {
  const { id, verb: what, args, endpoints, staged, expiresAt, requestedBy, reason, auditHead } = orderOf(payload)
  const definition = commands.get(what)
  const rows = {
    id,
    command: `${what}: ${definition?.title ?? 'this program does not know it'} (risk: ${definition?.risk ?? 'unknown'})`,
    arguments: JSON.stringify(args),
    machines: named(endpoints, machines),
    ...(staged && { stages: `${staged.sizes.join(', then ')}; stops by itself beyond ${staged.failPercent} % failures` }),
    until: new Date(expiresAt).toISOString(),
    audit: auditHead === undefined ? 'no head' : `stood at ${auditHead}`,
    'asked by': `${requestedBy}: ${reason}`,
    signed: `${signedBy.join(', ') || 'by nobody'}; ${needed} needed`,
  }
  return `${digestOf(payload)}\n${Object.entries(rows)
    .map(([name, value]) => `  ${name.padEnd(11)}${printable(value)}\n`)
    .join('')}`
}

/** Every one of them, as the bytes list them; what they are called is the collector's word. */
function named(endpoints: readonly string[], machines: readonly { id: string; name: string }[]): string {
  const names = new Map(machines.map(({ id, name }) => [id, name]))
  const each = endpoints.map((id) => `${id} (the collector calls it ${names.get(id) ?? 'nothing'})`)
  return endpoints.length === 1 ? each.join('') : `${endpoints.length}: ${each.join(', ')}`
}

/** Off the collector, where whoever rewrites its audit can't reach it. */
function rememberHead(keyFile: string | undefined, head: string | undefined): void {
  if (keyFile !== undefined && head !== undefined) appendFileSync(`${keyFile}.audit-heads`, `${head}\n`, { mode: 0o600 })
}
