import { parseArgs } from 'node:util'
import { commands } from '#shared/commands/registry.ts'
import { Fault } from '#shared/domain/fault.ts'
import { days } from '#shared/domain/time.ts'
import type { Operator } from '#shared/protocol/authority.ts'
import { configFlags, loadConfig } from '../config.ts'
import { makeSealedKey } from '../identity/sealed-key.ts'
import type { Verb } from '../main.ts'
import { systemTime } from '../system-time.ts'
import { forBrowsers, listRequests, requestedHalf } from './start/browser-keys.ts'
import { openKeyFile, readPublicHalf, writeKeyFile } from './start/key-file.ts'
import { askPassphrase } from './start/passphrase.ts'
import { putRegister, withIdentity } from './start/trust.ts'

const usage = `Usage: npm run -s tierline -- operator [ACT] [flags]

Says whose keys may sign commands; every agent knows the same register, signed by an authority key.

  key NAME --to FILE           makes an operator's key, anywhere; FILE.pub is for whoever certifies it
  certify FILE.pub --with KEY  lets it sign, until --days are over; the same name again is renewed
  requests                     lists the keys in people's browsers that were handed in, under *My key*
  certify --request PRINT --with KEY  lets one of these sign what is of medium risk at most; PRINT is the fingerprint
                               that its owner reads out to you, because the list is only the collector's word
  revoke NAME --with KEY       ends it; agents hear of it before any other command
  renew --with KEY             signs the register anew: agents believe none that is older than 7 days

  --with FILE                  an authority key
  --verbs A,B                  what they may sign (every verb; for a browser's key every one that it may)
  --organisations ID,ID        for whom (every organisation)
  --days N                     1 to 30 (30)
  --data DIR                   the collector's data folder (./tierline-data)
  --database URL               postgres://…, when the collector was started with it
  --passphrase-file FILE       holds the key's passphrase, and only you can read it; asked for otherwise
`

const text = { type: 'string' } as const
const { data, database } = configFlags
const options = {
  data,
  database,
  with: text,
  to: text,
  request: text,
  verbs: text,
  organisations: text,
  days: text,
  'passphrase-file': text,
}
type Values = Partial<Record<keyof typeof options, string>>

const verb: Verb = {
  summary: 'says whose keys may sign commands; certifies and revokes them',
  usage,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [act, what] = positionals
    if (act === 'key') return makeKey(what, values)
    if (act === 'requests') return void process.stdout.write(await listRequests(configOf(values)))
    if (act === 'certify') return change(values, certified(await halfOf(what, values), values))
    if (act === 'revoke') return change(values, revoked(named(what, 'the operator')))
    if (act === 'renew') return change(values, (operators) => operators)
    if (act !== undefined) throw new Fault('flag-bad', `"${act}" is nothing to do here; --help lists what is.`)
    await withIdentity(configOf(values), async (identity) => {
      const register = identity.register()
      process.stdout.write(
        register ? listing([...register.operators]) : 'trust: collector. There are no operators; `tierline init` comes first.\n',
      )
    })
  },
}
export default verb

async function makeKey(name: string | undefined, { to, 'passphrase-file': file }: Values): Promise<void> {
  if (to === undefined) throw new Fault('flag-bad', 'Say with --to where the key goes.')
  const sealed = await makeSealedKey(named(name, 'the operator'), await askPassphrase('the new key', file))
  writeKeyFile(to, sealed)
  process.stdout.write(`${to} is the key; nobody else needs it. Hand ${to}.pub to whoever holds an authority key (${sealed.kid}).\n`)
}

async function change(values: Values, how: (operators: Operator[]) => Operator[]): Promise<void> {
  const authority = await openKeyFile(values.with, '--with', values['passphrase-file'])
  await withIdentity(configOf(values), async (identity) => {
    process.stdout.write(listing(await putRegister(identity, authority, how)))
  })
}

function certified({ name, kid, key }: Awaited<ReturnType<typeof readPublicHalf>>, values: Values): (operators: Operator[]) => Operator[] {
  const certifiedAt = systemTime.now()
  const isBrowser = values.request !== undefined
  const verbs = isBrowser && values.verbs === undefined ? forBrowsers : listOf(values.verbs)
  const unknown = verbs.find((each) => each !== '*' && !commands.has(each))
  if (unknown !== undefined) throw new Fault('flag-bad', `There is no command "${unknown}"; there are: ${[...commands.keys()].join(', ')}.`)
  const risky = verbs.find((each) => isBrowser && !forBrowsers.includes(each))
  if (risky !== undefined) throw new Fault('flag-bad', `A browser’s key can’t sign ${risky}: it can sign ${forBrowsers.join(', ')}.`)
  const life = { certifiedAt, expiresAt: certifiedAt + days(daysOf(values.days ?? '30')) }
  const operator = { name, kid, key, verbs, organisations: listOf(values.organisations), ...life, ...(isBrowser && { isBrowser }) }
  // Somebody may have a key file for what is risky beside the key in their browser; both are one person.
  const isReplaced = (each: Operator): boolean => each.kid === kid || (each.name === name && (each.isBrowser ?? false) === isBrowser)
  return (operators) => [...operators.filter((each) => !isReplaced(each)), operator]
}

const revoked =
  (name: string) =>
  (operators: Operator[]): Operator[] => {
    if (!operators.some((each) => each.name === name))
      throw new Fault('operator-unknown', `There is no operator "${name}" in the register.`)
    return operators.filter((each) => each.name !== name)
  }

function listing(operators: readonly Operator[]): string {
  const lines = operators.map(({ name, verbs, organisations, expiresAt, kid, isBrowser }) => {
    const until = new Date(expiresAt).toISOString().slice(0, 16)
    return `  ${name}${isBrowser ? ', in a browser' : ''}: ${verbs.join(', ')} for ${organisations.join(', ')}, until ${until}Z (${kid})\n`
  })
  const few =
    new Set(operators.map(({ name }) => name)).size === 1 ? 'There is one operator, so one signature is enough for what is risky.\n' : ''
  return operators.length === 0 ? 'There are no operators: only what protects machines runs.\n' : `Operators:\n${lines.join('')}${few}`
}

const halfOf = (what: string | undefined, values: Values) =>
  values.request === undefined ? readPublicHalf(named(what, 'the public half (FILE.pub)')) : requestedHalf(configOf(values), values.request)
const configOf = ({ data, database }: Values) => loadConfig({ ...(data && { data }), ...(database && { database }) }, process.env)
const listOf = (said: string | undefined): string[] => (said === undefined ? ['*'] : said.split(',').map((each) => each.trim()))

function named(what: string | undefined, whose: string): string {
  if (what !== undefined) return what
  throw new Fault('flag-bad', `Name ${whose}. --help lists what this verb takes.`)
}

function daysOf(said: string): number {
  if (/^([1-9]|[12]\d|30)$/.test(said)) return Number(said)
  throw new Fault('flag-bad', `--days is "${said}"; it must be a whole number from 1 to 30.`)
}
