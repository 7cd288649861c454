/** A map that forgets what was used longest ago when it is full: attackers choose its keys. */
export class BoundedMap<Value> {
  readonly #most: number
  readonly #values = new Map<string, Value>()

  constructor(most: number) {
    this.#most = most
  }

  /** The value of `key`, made if it is new, and now the last to be forgotten. */
  touch(key: string, make: () => Value): Value {
    const value = this.#values.get(key) ?? make()
    this.#values.delete(key)
    this.#values.set(key, value)
    if (this.#values.size > this.#most) this.#forgetOldest()
    return value
  }

  #forgetOldest(): void {
    const [oldest] = this.#values.keys()
    if (oldest !== undefined) this.#values.delete(oldest)
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  delete(key: string): void {
    this.#values.delete(key)
  }

  entries(): [string, Value][] {
    return [...this.#values]
  }
}
