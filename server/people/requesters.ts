import { randomUUIDv7 } from 'node:crypto'
import type { Requester, Vip } from '../pipeline/changes.ts'
import type { Flag } from '../store/flag.ts'
import type { Tx } from '../store/store.ts'
import type { RequestersTable } from '../store/tables/people.ts'

/** Somebody of a customer who asks for something, as they are known by now. What is left out stays as it was. */
export interface NewRequester {
  organisationId: string
  name: string
  mail: string
  language?: RequestersTable['language'] | undefined
  timeZone?: string | null | undefined
  /** null: they are none. */
  vip?: Vip | null | undefined
}

export const vipOf = ({ is_vip, technician_id }: { is_vip: Flag; technician_id: string | null }): Vip | null =>
  is_vip === 1 ? { technicianId: technician_id } : null

const columnsOf = (vip: Vip | null | undefined): { is_vip: Flag; technician_id: string | null } =>
  vip ? { is_vip: 1, technician_id: vip.technicianId } : { is_vip: 0, technician_id: null }

/** By their address each is one person of their organisation, whoever names them and how often. */
export async function keepRequester(tx: Tx, wanted: NewRequester, now: number): Promise<Requester> {
  const { organisationId, name, language, timeZone, vip } = wanted
  const mail = wanted.mail.trim().toLowerCase()
  const known = await tx
    .selectFrom('requesters')
    .selectAll()
    .where('organisation_id', '=', organisationId)
    .where('mail', '=', mail)
    .executeTakeFirst()
  const said = {
    name: name.trim() === '' ? (known?.name ?? mail) : name.trim(),
    language: language === undefined ? (known?.language ?? null) : language,
    time_zone: timeZone === undefined ? (known?.time_zone ?? null) : timeZone,
    ...columnsOf(vip === undefined && known ? vipOf(known) : vip),
  }
  const id = known?.id ?? randomUUIDv7()
  if (known) await tx.updateTable('requesters').set(said).where('id', '=', id).execute()
  else
    await tx
      .insertInto('requesters')
      .values({ id, organisation_id: organisationId, mail, created_at: now, ...said })
      .execute()
  return { id, mail, name: said.name, language: said.language, timeZone: said.time_zone, vip: vipOf(said) }
}
