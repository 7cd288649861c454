import { Fault } from '#shared/domain/fault.ts'
import { printable } from '#shared/domain/printable.ts'
import { days } from '#shared/domain/time.ts'
import { createAudit } from '../../audit/audit.ts'
import { dropUndelivered } from '../../command/leave.ts'
import type { CollectorConfig } from '../../config.ts'
import { createAbsences } from '../../desk/absences.ts'
import { openIdentity } from '../../identity/identity.ts'
import type { SigningKey } from '../../identity/sealed-key.ts'
import { endOpenTokens, sameAs } from '../../identity/tokens.ts'
import { createPeople } from '../../people/people.ts'
import { prepareDataFolder } from '../../store/data-folder.ts'
import type { Store, Within } from '../../store/store.ts'
import { systemTime } from '../../system-time.ts'
import { keepEntries } from '../../ticket/ticket.ts'
import { enrolLine } from '../start/another-machine.ts'
import { withStore } from '../start/store.ts'
import { putRegister } from '../start/trust.ts'
import { readWhereabouts } from '../start/whereabouts.ts'

/*
 * Somebody leaves, step by step, each whole in itself: what they could do ends first. Said again it does what is left.
 * Threat: whoever leaves in anger, in the minutes in which everybody talks about it.
 */

export interface Leaving {
  login: string
  /** As the register calls them; their name, when absent. */
  operator: string | undefined
  /** Of an authority. */
  openKey: (() => Promise<SigningKey>) | undefined
}

type Somebody = { id: string; name: string }

/** They never come back by this. */
const forEver = days(36_500)
const maxActs = 1_000
/** More than somebody has under way in half an hour. */
const maxRenewed = 20

/** @returns what was done, in sentences. */
export async function leave(config: CollectorConfig, leaving: Leaving): Promise<string[]> {
  prepareDataFolder(config.dataDir)
  return withStore(config, async (store) => {
    const person = await find(store, leaving.login)
    // Before anything is changed: a passphrase may be wrong.
    const key = await leaving.openKey?.()
    return [
      ...(await endSignIns(store, person)),
      ...(await endKey(config, store, person, leaving, key)),
      ...(await dropCommands(store, person, leaving)),
      ...(await renewEnrolments(config, store, person)),
      ...(await giveBack(store, person)),
      ...(await acts(store, person)),
    ]
  })
}

async function find(store: Store, login: string): Promise<Somebody> {
  const people = store.db.selectFrom('people').select(['id', 'name'])
  const person = await people.where('login', '=', login.trim().toLowerCase()).executeTakeFirst()
  if (!person) throw new Fault('person-unknown', `Nobody signs in as "${login}".`)
  return person
}

async function endSignIns(store: Store, { id, name }: Somebody): Promise<string[]> {
  const audit = createAudit({ time: systemTime })
  const outcome = await createPeople({ store, time: systemTime, audit }).disablePerson(id)
  if (outcome.kind === 'last-admin') throw new Fault('last-admin', `${name} is the only administrator: let somebody else be one first.`)
  await audit.record(store.db, { actor: 'system', action: 'person.leave', target: `person:${id}`, organisationId: null, detail: {} })
  const ended = `${name} can't sign in any more; their sessions and tokens for programs have ended.`
  if (outcome.vips.length === 0) return [ended]
  return [ended, `ATTENTION: these VIPs had them by name, and have no technician now: ${outcome.vips.map(printable).join(', ')}.`]
}

/** Agents hear of it in \`welcome\`, before they look at any command. */
async function endKey(
  config: CollectorConfig,
  store: Store,
  { name }: Somebody,
  { operator = name }: Leaving,
  key: SigningKey | undefined,
): Promise<string[]> {
  const identity = await openIdentity({ dataDir: config.dataDir, store, time: systemTime, verbs: ['*'] })
  if (!identity.register()?.operators.some((each) => each.name === operator)) return [`There is no operator "${operator}" in the register.`]
  if (!key) return [`ATTENTION: ${operator} is an operator still. Say it again with an authority key (--with).`]
  await putRegister(identity, key, (operators) => operators.filter((each) => each.name !== operator))
  return [`${operator} is no operator any more; agents hear of it before any other command.`]
}

async function dropCommands(store: Store, { id, name }: Somebody, { operator = name }: Leaving): Promise<string[]> {
  const now = systemTime.now()
  const dropped = await store.db.transaction().execute(async (tx) => {
    const { record } = createAudit({ time: systemTime })
    const commands = await dropUndelivered(tx, { personId: id, operator, note: `${name} has left.`, record }, now)
    const lines = commands.flatMap(({ id: commandId, ticket_id: ticketId, verb }) => {
      const body = { commandId, verb, outcome: 'dropped', detail: `${name} has left.` }
      return ticketId === null ? [] : [{ ticketId, entry: { at: now, kind: 'command-settled' as const, actor: 'system', body } }]
    })
    await keepEntries(tx, store.capabilities.putRows, lines)
    return commands.length
  })
  return [`${count(dropped, 'command')} of theirs had not gone out, and ${dropped === 1 ? 'is' : 'are'} dropped.`]
}

/** They may have seen any. Said again, those that were made since go on: nobody who has left has seen them. */
async function renewEnrolments(config: CollectorConfig, store: Store, { id }: Somebody): Promise<string[]> {
  const { disabled_at } = await store.db.selectFrom('people').select('disabled_at').where('id', '=', id).executeTakeFirstOrThrow()
  const now = systemTime.now()
  const ended = await store.db.transaction().execute((tx) => endOpenTokens(tx, now, disabled_at ?? now))
  const identity = await openIdentity({ dataDir: config.dataDir, store, time: systemTime, verbs: ['*'] })
  const audit = createAudit({ time: systemTime })
  const lines: string[] = []
  for (const token of ended.slice(0, maxRenewed)) {
    const about = { actor: 'system', action: 'enrolment-token.create', organisationId: token.organisation_id, detail: {} }
    const { agentsUrl: collectorUrl } = readWhereabouts(config.dataDir)
    const within: Within = (tx, made) => audit.record(tx, { ...about, target: `enrolment-token:${made}` })
    const renewed = await identity.createToken({ ...sameAs(token), createdBy: 'system', collectorUrl }, within)
    const place = store.db.selectFrom('organisations').select('name').where('id', '=', token.organisation_id)
    lines.push(`  for ${printable((await place.executeTakeFirstOrThrow()).name)}: ${enrolLine(renewed.token)}`)
  }
  const others = ended.length > maxRenewed ? '; `tierline token` makes the others' : ''
  return [
    `${count(ended.length, 'open enrolment token')} ended${lines.length > 0 ? `, and a new one is good for 30 minutes${others}:` : '.'}`,
    ...lines,
  ]
}

/** By the way of every absence, so that a running collector does it within a minute, and a stopped one when it starts. */
async function giveBack(store: Store, { id }: Somebody): Promise<string[]> {
  const now = systemTime.now()
  const away = store.db.selectFrom('absences').select('id').where('person_id', '=', id).where('from_at', '<=', now)
  // One of weeks is a holiday, not this.
  if (await away.where('until_at', '>', now + forEver / 2).executeTakeFirst()) return []
  const absences = createAbsences({ store, time: systemTime, timers: { replan: () => undefined } })
  await absences.begin({ personId: id, from: now, until: now + forEver })
  return ['Their tickets go back into the queues within a minute, and they have no more turns on call.']
}

async function acts({ db }: Store, { id, name }: Somebody): Promise<string[]> {
  const since = systemTime.now() - days(30)
  const rows = await db
    .selectFrom('audit')
    .select(['at', 'action', 'target'])
    .where('actor', '=', id)
    .where('at', '>', since)
    .orderBy('at')
    .limit(maxActs + 1)
    .execute()
  const told = rows.slice(0, maxActs).map(({ at, action, target }) => `  ${new Date(at).toISOString().slice(0, 19)}Z  ${action}  ${target}`)
  const more = rows.length > maxActs ? ['  … and more, in the audit'] : []
  return [`What ${name} did in the last 30 days:`, ...(told.length === 0 ? ['  nothing'] : told), ...more]
}

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`
