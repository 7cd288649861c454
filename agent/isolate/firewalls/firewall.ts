import type { IsolationReadiness } from '#shared/domain/endpoint.ts'
import type { CollectorAddress } from '../address.ts'

/** What isolation needs of an operating system's firewall. One file beside this one for each. */
export interface Firewall {
  name: string
  /** Whether `apply` would work here and now; asks the system and changes nothing. */
  readiness(): Promise<IsolationReadiness>
  /**
   * Lets these addresses through and nothing else. All or nothing; doing it twice does what doing it once does.
   * @throws Fault: `firewall-foreign` when somebody else's rules stand under our name, and then they are left alone.
   */
  apply(addresses: readonly CollectorAddress[]): Promise<void>
  /** The same rules once more, in a way that no other program can take away while this process lives. @throws Fault */
  hold(addresses: readonly CollectorAddress[]): Promise<void>
  isHeld(): boolean
  /** Begins beforehand what makes `apply` quick; changes nothing. Lasts until `letGo`. */
  keepReady?(): void
  /** Ends what `hold` and `keepReady` began; what `apply` put stays. */
  letGo(): Promise<void>
  /** Takes all of it away; fine when there is none. Throws a Fault. */
  remove(): Promise<void>
  /** Our rules as they stand in the system, for noticing drift; undefined when there are none. */
  snapshot(): Promise<string | undefined>
  /** The machine has other devices than when the rules were put, so they must be put anew. */
  isOutgrown(): boolean
  /** What `apply` puts, as files for the machine's next start: each stands alone, the first needs no device to be there. */
  saved(addresses: readonly CollectorAddress[]): Record<string, string>
  /** Whether rules for a device can be put before it is there, as a machine's start needs; asks the system and changes nothing. */
  takesAbsentDevices?(): Promise<boolean>
  /** Tells at once, as far as the system lets us, when somebody touched our rules. */
  watch(touched: () => void): () => void
}
