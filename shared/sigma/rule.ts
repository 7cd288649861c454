import { z } from 'zod'
import type { Severity } from '../domain/severity.ts'
import { readDetection } from './detection.ts'
import type { Placeholders } from './item.ts'
import { type LogSource, whyNever } from './logsource.ts'
import type { Node } from './node.ts'
import { refuse } from './unsupported.ts'
import { windowsServices } from './windows.ts'

/** What people are told of a rule. */
export interface About {
  /** The rule's own id; where it has none its title, or else its file. */
  id: string
  title: string
  /** Another name by which correlations may call it. */
  name: string | undefined
  status: string | undefined
  severity: Severity
  /** ATT&CK techniques, such as T1059.004. */
  techniques: readonly string[]
  /** ATT&CK tactics, such as defense-evasion. */
  tactics: readonly string[]
  falsePositives: readonly string[]
  /** Of what is written, where whoever reads it has a digest at hand: another text is another rule. */
  digest?: string
  /** It says of itself that what a package's own script does to its own service is none: a word of ours (`tierline: { spares: packages }`). */
  sparesPackages?: true
}

export interface Rule extends About {
  source: LogSource
  node: Node
}

const text = z.coerce.string().max(10_000)
const texts = z.union([z.array(text).max(1_000), text.transform((one) => [one])])
export const levels: Readonly<Record<string, Severity>> = {
  ...{ informational: 'info', low: 'low', medium: 'medium', high: 'high', critical: 'critical' },
}

const Head = z.object({
  id: text.optional(),
  title: text.optional(),
  name: text.optional(),
  status: text.nullish(),
  level: text.nullish(),
  tags: texts.nullish(),
  falsepositives: texts.nullish(),
  tierline: z.strictObject({ spares: z.literal('packages') }).optional(),
})

const Body = z.object({
  logsource: z.record(z.string(), z.unknown()),
  detection: z.record(z.string(), z.unknown()),
})

/** The head of a rule or a correlation; Unsupported is thrown where it makes no sense. */
export function readAbout(document: unknown, file: string): About {
  const head = parsed(Head, document)
  const title = head.title ?? head.id ?? file
  const tags = (head.tags ?? []).map((tag) => tag.toLowerCase())
  const level = head.level?.toLowerCase() ?? 'medium'
  return {
    id: head.id ?? head.title ?? file,
    ...{ title, name: head.name, status: head.status?.toLowerCase(), falsePositives: head.falsepositives ?? [] },
    severity: (Object.hasOwn(levels, level) ? levels[level] : undefined) ?? refuse(`its level “${level.slice(0, 50)}” is none of Sigma’s`),
    techniques: tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/.exec(tag)?.[1]?.toUpperCase() ?? []),
    ...(head.tierline && { sparesPackages: true as const }),
    tactics: tags.flatMap((tag) => /^attack\.([a-z][a-z_-]+)$/.exec(tag)?.[1]?.replaceAll('_', '-') ?? []),
  }
}

/** A document of a rule file → the rule, tried; Unsupported is thrown with the reason where it can't be honoured. */
export function readRule(document: unknown, file: string, placeholders: Placeholders): Rule {
  const about = readAbout(document, file)
  const { logsource, detection } = parsed(Body, document)
  const source = sourceOf(logsource)
  const never = whyNever(source, windowsServices)
  if (never !== undefined) refuse(never)
  return { ...apart(about), source: apart(source), node: whenAsked(detection, placeholders) }
}

/**
 * Compiled, a rule takes ten times the memory of what is written, and most rules never meet an event that opens their gate. So it is compiled
 * once to be tried, and again when an event asks it.
 */
function whenAsked(detection: Readonly<Record<string, unknown>>, placeholders: Placeholders): Node {
  const written = JSON.stringify(detection, (_, value: unknown) => (isEndless(value) ? refuse('a number of it has no end') : value))
  const compile = (): Node => readDetection(JSON.parse(written) as typeof detection, placeholders)
  let compiled: Node | undefined
  return {
    gate: compile().gate,
    holds(event) {
      compiled ??= compile()
      return compiled.holds(event)
    },
  }
}

const isEndless = (value: unknown): boolean => typeof value === 'number' && !Number.isFinite(value)

/** Its texts as texts of their own: a part of a text keeps the whole of it in memory, and that is the rule's file. */
const apart = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

function sourceOf(written: Readonly<Record<string, unknown>>): LogSource {
  const part = (name: string): string | undefined => {
    const value = written[name]
    if (value === undefined || value === null) return undefined
    return typeof value === 'string' ? value.toLowerCase() : refuse(`its log source’s ${name} is no text`)
  }
  return { product: part('product'), category: part('category'), service: part('service') }
}

export function parsed<Shape>(schema: z.ZodType<Shape>, document: unknown): Shape {
  const found = schema.safeParse(document)
  if (found.success) return found.data
  const [issue] = found.error.issues
  return refuse(`it is no Sigma rule: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'unreadable'}`)
}
