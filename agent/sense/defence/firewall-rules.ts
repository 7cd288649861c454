import { z } from 'zod'

const Ruleset = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) })
const Chain = z.object({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  hook: z.string().optional(),
  policy: z.string().optional(),
})
const Rule = z.object({ family: z.string(), table: z.string(), chain: z.string(), expr: z.array(z.record(z.string(), z.unknown())) })

/**
 * Whether anything is kept out of this machine: a chain where packets come in that drops by policy, or holds a rule that drops, rejects
 * or goes on to other chains (ufw, firewalld, libiptc's). Our own isolation isn't the machine's firewall. Undefined: nft said nothing.
 */
export function hasFilter(json: string): boolean | undefined {
  const parsed = Ruleset.safeParse(fromJson(json))
  if (!parsed.success) return undefined
  const entries = parsed.data.nftables
  const chains = entries
    .flatMap(({ chain }) => Chain.safeParse(chain).data ?? [])
    .filter(({ hook, table }) => hook === 'input' && !isOurs(table))
  if (chains.some(({ policy }) => policy === 'drop')) return true
  const inputs = new Set(chains.map(({ family, table, name }) => `${family} ${table} ${name}`))
  return entries
    .flatMap(({ rule }) => Rule.safeParse(rule).data ?? [])
    .some(({ family, table, chain, expr }) => inputs.has(`${family} ${table} ${chain}`) && expr.some(refuses))
}

const isOurs = (table: string): boolean => table === 'tierline' || table === 'tierline_held'
const refuses = (expression: Record<string, unknown>): boolean => ['drop', 'reject', 'jump', 'goto'].some((verb) => verb in expression)

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
