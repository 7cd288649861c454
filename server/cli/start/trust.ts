import { Fault } from '#shared/domain/fault.ts'
import type { Authorities, Operator } from '#shared/protocol/authority.ts'
import { documentType } from '#shared/protocol/document.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import operatorsDocument from '#shared/protocol/documents/operators.ts'
import type { CollectorConfig } from '../../config.ts'
import { type Identity, openIdentity } from '../../identity/identity.ts'
import { pairOf } from '../../identity/register.ts'
import type { SigningKey } from '../../identity/sealed-key.ts'
import { prepareDataFolder } from '../../store/data-folder.ts'
import { systemTime } from '../../system-time.ts'
import { withStore } from './store.ts'

/** Work on who may sign, beside a collector that may be running: it takes up what was signed within seconds. */
export function withIdentity<Result>(config: CollectorConfig, work: (identity: Identity) => Promise<Result>): Promise<Result> {
  prepareDataFolder(config.dataDir)
  return withStore(config, async (store) => work(await openIdentity({ dataDir: config.dataDir, store, time: systemTime, verbs: ['*'] })))
}

/** Names who names operators, once: agents believe this collector about it only until they have pinned somebody. */
export async function nameAuthorities({ documents }: Identity, pair: Authorities): Promise<void> {
  await documents.issue(authorities, (latest) => {
    if (latest) throw new Fault('trust-said', 'Operators are named here already; `tierline authority rotate` replaces a key.')
    return { first: pair, successions: [] }
  })
}

export async function demandPair(identity: Identity): Promise<Authorities> {
  const pair = await pairOf(identity.documents)
  if (pair) return pair
  throw new Fault('trust-collector', 'This collector commands alone (trust: collector); `tierline init` makes authority keys first.')
}

/** The next register, signed by an authority in force. */
export async function putRegister(
  identity: Identity,
  authority: SigningKey,
  change: (operators: Operator[]) => Operator[],
): Promise<Operator[]> {
  const { keys } = await demandPair(identity)
  if (!keys.some(({ kid }) => kid === authority.kid))
    throw new Fault('key-no-authority', 'This key is no authority of this collector, or one that was replaced.')
  const { documents } = identity
  const now = systemTime.now()
  // Those who lapsed stay until they are revoked: who merely waited must not be what makes one signature enough.
  const kept = documents.content(operatorsDocument)?.operators ?? []
  const { operators } = operatorsDocument.content.parse({ operators: change(kept) })
  const number = documents.nextNumber(operatorsDocument)
  const jws = await authority.sign({ v: 1, name: operatorsDocument.name, number, issuedAt: now, content: { operators } }, documentType)
  const put = await documents.handBack({ kind: 'document', name: operatorsDocument.name, number, jws })
  if (put.kind !== 'adopted') throw new Fault('register-passed', 'The register was changed at the same moment; do it once more.')
  return operators
}
