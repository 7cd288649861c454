import { CommandOrder } from '../domain/command.ts'
import { isCanonicalJson } from './canonical.ts'

/*
 * Bytes that wait for a signature → the order that they are, for whoever shows them to a person who shall sign. Undefined:
 * they can be read in more than one way, or as no order at all; nobody shall see, nor sign, one of them.
 */
export function orderToShow(payload: string): CommandOrder | undefined {
  return isCanonicalJson(payload) ? CommandOrder.safeParse(JSON.parse(payload)).data : undefined
}
