import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { resolvePolicy } from '#shared/protocol/documents/policy.ts'
import { configFlags, loadConfig } from '../../config.ts'
import { contentOf } from '../../desk/policy-signatures.ts'
import { readWorld, signedPolicies } from '../../policy/policy.ts'
import { memberOf } from '../../policy/written.ts'
import { type Act, named } from '../matrix/act.ts'
import { withStore } from '../start/store.ts'

const act: Act = {
  usage: `  explain ENDPOINT                    what is in force for it, by id or name, and which line says so [--data DIR] [--database URL]
`,
  async run(args) {
    const { data, database } = configFlags
    const { values, positionals } = parseArgs({ args, options: { data, database }, allowPositionals: true })
    const [name = ''] = named(positionals, 'an ENDPOINT')
    await withStore(loadConfig(values, process.env), async ({ db }) => {
      const places = (await readWorld(db)).places.filter(({ id, hostname }) => id === name || hostname === name)
      if (places.length === 0) throw new Fault('endpoint-unknown', `There is no endpoint "${name}".`)
      const signed = await signedPolicies(db, new Map())
      for (const { id, hostname, organisation } of places) {
        const row = signed.find(({ organisation_id }) => organisation_id === organisation.id)
        const { settings, origins } = resolvePolicy(row && contentOf(row.jws), memberOf(id))
        const by = row ? `policy ${row.number}, signed by ${row.signed_by ?? 'the collector'}` : 'no policy: what ships'
        process.stdout.write(`${hostname} (${organisation.name}): ${by}\n`)
        for (const [key, value] of Object.entries(settings)) {
          process.stdout.write(`  ${key.padEnd(45)} ${JSON.stringify(value).padEnd(12)} ${origins[key]}\n`)
        }
      }
    })
  },
}
export default act
