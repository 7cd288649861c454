import type { Register } from '#shared/protocol/command-powers.ts'
import type { PersonsKey } from '../../../support/operators.ts'
import type { TestConsole } from '../start-console.ts'
import type { Visitor } from '../visitor.ts'
import type { Belongings } from '../world.ts'

/** Where acts are tried: what there is, and what was made by those before. */
export interface ActsRoom {
  console: TestConsole
  own: Belongings
  other: Belongings
  person: Visitor
  made: Record<string, string>
  /** An operator's; named only while `register` is set. */
  key: PersonsKey
  register: Register | undefined
}

/** What is sent, by whom: by `person`, where nobody is named. */
export type Asks = [method: string, path: string, body?: object | undefined, by?: Visitor]
export type Acts = Record<string, () => Asks | Promise<Asks>>

export const on = (method: string, pathOf: () => string, bodyOf?: () => object) => (): Asks => {
  const body = bodyOf?.()
  return body ? [method, pathOf(), body] : [method, pathOf()]
}

/** With the version that it has then. */
export const onTicket =
  (room: ActsRoom, verb: string, body: object, whose: 'own' | 'other' = 'own') =>
  async (): Promise<Asks> => {
    const id = room[whose].ticket
    const tickets = room.console.store.db.selectFrom('tickets').select('version').where('id', '=', id)
    const { version } = await tickets.executeTakeFirstOrThrow()
    return ['POST', `/api/tickets/${id}/${verb}`, { version, ...body }]
  }
export const onEndpoint = (room: ActsRoom, verb: string, body: object) => (): Asks => [
  'POST',
  `/api/endpoints/${room.own.endpoint}/${verb}`,
  body,
]
