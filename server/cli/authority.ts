import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { type Authorities, successionType } from '#shared/protocol/authority.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { configFlags, loadConfig } from '../config.ts'
import type { Identity } from '../identity/identity.ts'
import { pairOf } from '../identity/register.ts'
import { makeSealedKey, type SigningKey } from '../identity/sealed-key.ts'
import type { Verb } from '../main.ts'
import { openKeyFile, writeKeyFile } from './start/key-file.ts'
import { askPassphrase } from './start/passphrase.ts'
import { demandPair, putRegister, withIdentity } from './start/trust.ts'

const usage = `Usage: npm run -s tierline -- authority [rotate] [flags]

Says who names operators. With rotate, one authority key names a new one in the place of the other, which was lost or may
be in other hands; agents believe it because the key that stays signed it.

  --with FILE                 the authority key that stays
  --to FILE                   where the new key goes
  --data DIR                  the collector's data folder (./tierline-data)
  --database URL              postgres://…, when the collector was started with it
  --passphrase-file FILE      holds the passphrase of the key that stays; asked for otherwise
  --passphrase-file-new FILE  the new one's
`

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
      const sealed = await makeSealedKey('authority', await askPassphrase('the new authority key', passphraseOfNew))
      writeKeyFile(to, sealed)
      await rotate(identity, pair, key, { kid: sealed.kid, key: sealed.key })
      process.stdout.write(saying(await pairOf(identity.documents)))
    })
  },
}
export default verb

/** The succession first; then the register, in case the key that goes had signed it. */
async function rotate(identity: Identity, pair: Authorities, staying: SigningKey, by: Authorities['keys'][number]): Promise<void> {
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
