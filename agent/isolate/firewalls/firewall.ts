import type { IsolationReadiness } from '#shared/domain/endpoint.ts'
import type { CollectorAddress } from '../address.ts'

/** What isolation needs of an operating system's firewall. One file beside this one for each. */
export interface Firewall {
  name: string
  /** Whether `apply` would work here and now; asks the system and changes nothing. */
  readiness(): Promise<IsolationReadiness>
  /** Lets these addresses through and nothing else. All or nothing; doing it twice does what doing it once does. Throws a Fault. */
  apply(addresses: readonly CollectorAddress[]): Promise<void>
  /** Takes the rules away; fine when there are none. Throws a Fault. */
  remove(): Promise<void>
  /** Our rules as they stand in the system, for noticing drift; undefined when there are none. */
  snapshot(): Promise<string | undefined>
}
