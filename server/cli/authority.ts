import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { type Authorities, type AuthorityKey, successionType } from '#shared/protocol/authority.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { configFlags, loadConfig } from '../config.ts'
import type { Identity } from '../identity/identity.ts'
import { pairOf } from '../identity/register.ts'
import { makeSealedKey, type SigningKey } from '../identity/sealed-key.ts'
import type { Verb } from '../main.ts'
import { openKeyFile, writeKeyFile, writePublicHalf } from './start/key-file.ts'
import { askPassphrase } from './start/passphrase.ts'
import { demandPair, putRegister, withIdentity } from './start/trust.ts'

const usage = `Usage: npm run -s tierline -- authority [rotate] [flags]

Says who names operators. With rotate, one authority key names a new one in the place of the other, which was lost or may
be in other hands; agents believe it because the key that stays signed it. What was cut off in the middle is finished by
the same command.

  --with FILE                 the authority key that stays
  --to FILE                   where the new key goes
  --data DIR                  the collector's data folder (./tierline-data)
  --database URL              postgres://…, when the collector was started with it
  --passphrase-file FILE      holds the passphrase of the key that stays; asked for otherwise
  --passphrase-file-new FILE  the new one's
`

/** As key files of authorities call themselves. */
const keyName = 'authority'

const verb: Verb = {
  summary: 'says who names operators, or replaces one of the two keys',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const text = { type: 'string' } as const
    const options = { data, database, with: text, to: text, 'passphrase-file': text, 'passphrase-file-new': text }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { with: staying, to, 'passphrase-file': passphrase, 'passphrase-file-new': passphraseOfNew, ...flags } = values
    const config = loadConfig(flags, process.env)
    const [act] = positionals
    if (act === undefined)
      return withIdentity(config, async (identity) => void process.stdout.write(saying(await pairOf(identity.documents))))
    if (act !== 'rotate') throw new Fault('flag-bad', `"${act}" is nothing to do here; say rotate, or nothing.`)
    if (to === undefined) throw new Fault('flag-bad', 'Say with --to where the new key goes.')
    const key = await openKeyFile(staying, '--with', passphrase)
    await withIdentity(config, async (identity) => {
      const pair = await demandPair(identity)
      const next = await nextKey(to, passphraseOfNew)
      await rotate(identity, pair, key, { kid: next.kid, key: next.key })
      process.stdout.write(saying(await pairOf(identity.documents)))
    })
  },
}
export default verb

/** A crash may have come after the key was written: then it is that one, and nothing is made anew. */
async function nextKey(file: string, passphraseFile: string | undefined): Promise<AuthorityKey> {
  if (existsSync(file)) {
    const begun = await openKeyFile(file, '--to', passphraseFile)
    if (begun.name !== keyName) throw new Fault('key-exists', `${file} is another key; name another file, or move it away.`)
    writePublicHalf(file, begun)
    return begun
  }
  const sealed = await makeSealedKey(keyName, await askPassphrase('the new authority key', passphraseFile))
  writeKeyFile(file, sealed)
  return sealed
}

/**
 * The succession first; then the register, in case the key that goes had signed it. Each is left out where an earlier try
 * came so far, so the same command finishes what a crash cut off.
 */
async function rotate(identity: Identity, pair: Authorities, staying: SigningKey, by: AuthorityKey): Promise<void> {
  if (by.kid === staying.kid) throw new Fault('key-no-authority', '--with and --to are the same key; --to is where the new one goes.')
  if (pair.keys.some(({ kid }) => kid === by.kid)) return void (await putRegister(identity, staying, (operators) => operators))
  const replaced = pair.keys.find(({ kid }) => kid !== staying.kid)
  if (!replaced || !pair.keys.some(({ kid }) => kid === staying.kid))
    throw new Fault('key-no-authority', 'The key named with --with is no authority of this collector, or one that was replaced.')
  const said = await staying.sign({ v: 1, number: pair.succession + 1, replaces: replaced.kid, by }, successionType)
  await identity.documents.issue(authorities, (latest) => latest && { ...latest, successions: [...latest.successions, said] })
  await putRegister(identity, staying, (operators) => operators)
}

function saying(pair: Authorities | undefined): string {
  if (!pair) return 'trust: collector. This collector’s own key signs every command; `tierline init` changes that.\n'
  return `trust: operators. They are named by either of these keys (succession ${pair.succession}):\n${pair.keys.map(({ kid }) => `  ${kid}\n`).join('')}`
}
