import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Capabilities } from '../capabilities.ts'

const columns = [
  'alter table audit add column number bigint',
  'alter table audit add column payload_hash text',
  'alter table audit add column previous text',
  'alter table audit add column hash text',
  'create unique index audit_by_number on audit (number) where number is not null',
  'create index audit_by_target on audit (target)',
  'create table audit_payloads (audit_id text primary key, salt text not null, detail text not null)',
  "insert into audit_payloads (audit_id, salt, detail) select id, '', detail from audit",
  'alter table audit drop column detail',
  'create table audit_heads (id text primary key, number bigint not null, hash text not null)',
  `insert into audit_heads (id, number, hash) values ('head', 0, '${'0'.repeat(64)}')`,
]

const due = (countedKey: string): string =>
  `create table audit_due (
    number ${countedKey}, command_id text not null, organisation_id text not null, endpoint_id text not null, ticket_id text,
    verb text not null, requested_by text not null, reason text not null, status text not null, is_signing integer not null,
    at bigint, args text not null, payload text, jws text, signatures text, result text)`

const copied = ['organisation_id', 'endpoint_id', 'ticket_id', 'verb', 'requested_by', 'reason', 'status', 'args', 'payload', 'jws']
const step = (isSigning: string): string =>
  `insert into audit_due (command_id, ${copied.join(', ')}, signatures, result, is_signing, at)
   values (new.id, ${copied.map((column) => `new.${column}`).join(', ')}, new.signatures, new.result, ${isSigning},
     case new.status when 'requested' then new.requested_at when 'sent' then new.sent_at when 'delivered' then new.delivered_at
       when 'running' then new.running_at
       else new.settled_at end)`

const signed = "coalesce(old.signatures, '[]') is distinct from coalesce(new.signatures, '[]')"

/**
 * The audit becomes a chain. Steps of commands are written down by the database itself: whoever changes a command, and by
 * whatever code, leaves a line in the same transaction.
 */
export const auditChain = ({ countedKey, refusing, following }: Capabilities['ddl']): Migration => ({
  up: async (db) => {
    const asked = { name: 'audit_command_asked', event: 'insert on commands', statement: step('0') }
    const when = `old.status is distinct from new.status or ${signed}`
    const stepped = {
      name: 'audit_command_stepped',
      event: 'update on commands',
      when,
      statement: step(`case when ${signed} then 1 else 0 end`),
    }
    const statements = [
      ...columns,
      due(countedKey),
      ...refusing('audit', ['update', 'delete'], 'The audit is only appended to.'),
      ...refusing('audit_payloads', ['update'], 'What the audit tells is never changed.'),
      ...following(asked),
      ...following(stepped),
    ]
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
})
