/** What a rule asks for and can't get. The message is a clause that ends "the rule is not used, because …". */
export class Unsupported extends Error {}

export function refuse(reason: string): never {
  throw new Unsupported(reason)
}
