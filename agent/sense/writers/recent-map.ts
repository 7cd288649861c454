/**
 * A map of what was used lately: at least the last `few`, at most twice as many. A full half pushes the one before it out as a whole, so that
 * nothing is ever put in order: of what everybody on a machine does there are thousands a second.
 */
export class RecentMap<Key, Value> {
  readonly #few: number
  #young = new Map<Key, Value>()
  #old: ReadonlyMap<Key, Value> = new Map()

  constructor(few: number) {
    this.#few = few
  }

  has(key: Key): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  get(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** The value of `key`, made if it is new, and among the last used now. */
  touch(key: Key, make: () => Value): Value {
    const known = this.#young.get(key)
    if (known !== undefined) return known
    const value = this.#old.get(key) ?? make()
    if (this.#young.size >= this.#few) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    return value
  }
}
