import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { configFlags, loadConfig } from '../config.ts'
import { makeSealedKey, openSealedKey } from '../identity/sealed-key.ts'
import type { Verb } from '../main.ts'
import { writeKeyFile } from './start/key-file.ts'
import { askPassphrase } from './start/passphrase.ts'
import { nameAuthorities, putRegister, withIdentity } from './start/trust.ts'

const usage = `Usage: npm run -s tierline -- init [flags]

Says whose word the agents take, before the first of them is enrolled, or later: agents that are enrolled follow by
themselves. Makes two authority keys. Either of them names operators, whose signatures agents then demand for everything
that is more than protective, and names the other's successor. Keep the second one away from this machine.

  --trust collector        makes none: the collector's own key may sign everything, and whoever runs it too
  --data DIR               the collector's data folder (./tierline-data)
  --database URL           postgres://…, when the collector is started with it
  --keys DIR               where the two key files go (authority in the data folder)
  --passphrase-file FILE   holds the first key's passphrase, and only you can read it; asked for otherwise
  --passphrase-file-2 FILE the second one's
`

const verb: Verb = {
  summary: 'makes the two keys that name operators',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const text = { type: 'string' } as const
    const options = { data, database, trust: text, keys: text, 'passphrase-file': text, 'passphrase-file-2': text }
    const {
      trust = 'operators',
      keys,
      'passphrase-file': first,
      'passphrase-file-2': second,
      ...flags
    } = parseArgs({ args, options }).values
    if (trust === 'collector') return void process.stdout.write(alone)
    if (trust !== 'operators') throw new Fault('flag-bad', `--trust is "${trust}"; it must be operators or collector.`)
    const config = loadConfig(flags, process.env)
    const folder = keys ?? join(config.dataDir, 'authority')
    await withIdentity(config, async (identity) => {
      if (identity.register()) throw new Fault('trust-said', 'Operators are named here already; `tierline authority` says by whom.')
      const pair = [await made('1', folder, first), await made('2', folder, second)] as const
      const [one, two] = pair.map(({ kid, key }) => ({ kid, key }))
      await nameAuthorities(identity, { keys: one && two ? [one, two] : [], succession: 0 })
      await putRegister(identity, pair[0], (operators) => operators)
    })
    process.stdout.write(done(folder))
  },
}
export default verb

async function made(which: '1' | '2', folder: string, passphraseFile: string | undefined) {
  const passphrase = await askPassphrase(`authority key ${which}`, passphraseFile)
  const sealed = await makeSealedKey(`authority ${which}`, passphrase)
  writeKeyFile(join(folder, `authority-${which}.key`), sealed)
  return openSealedKey(sealed, passphrase)
}

const alone = `trust: collector. This collector's own key signs every command, so whoever runs this machine can do everything on
every endpoint. \`tierline init\` makes authority keys later, and nobody has to enrol anew.
`
const done = (
  folder: string,
): string => `Two authority keys are in ${folder}. Take authority-2.key away from this machine, and its passphrase elsewhere.
Next: each operator makes a key (\`tierline operator key NAME --to FILE\`), and you certify it for 30 days at most
(\`tierline operator certify FILE.pub --with ${join(folder, 'authority-1.key')}\`). Sign the register anew every week (\`tierline operator renew\`).
`
