import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What machines do by themselves: what was signed, and which commands brought it to them or came of it. */
export const standingOrders: Migration = {
  up: async (db) => {
    await sql
      .raw(
        `create table standing_orders (id text not null, number bigint not null, organisation_id text not null, payload text not null,
         signatures text not null, risk text not null, state text not null, is_withdrawal integer not null, ends_at bigint not null,
         asked_by text not null, asked_at bigint not null, primary key (id, number))`,
      )
      .execute(db)
    await sql.raw('create index standing_orders_of_organisation on standing_orders (organisation_id)').execute(db)
    await sql
      .raw(
        `create table standing_commands (command_id text primary key, order_id text not null, number bigint not null,
         endpoint_id text not null, run integer, about text)`,
      )
      .execute(db)
    await sql.raw('create index standing_commands_of_order on standing_commands (order_id, endpoint_id)').execute(db)
    await sql
      .raw('create unique index standing_runs on standing_commands (order_id, number, endpoint_id, run) where run is not null')
      .execute(db)
  },
}
