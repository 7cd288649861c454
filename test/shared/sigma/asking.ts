import { parseDocument } from 'yaml'
import type { Placeholders } from '#shared/sigma/item.ts'
import { normalise } from '#shared/sigma/normalise.ts'
import { type RuleSet, readRules } from '#shared/sigma/read-rules.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'

export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent' })
  if (document.errors[0]) throw document.errors[0]
  return document.toJS({ maxAliasCount: 100 })
}

/** A rule of a detection alone, for events of any Windows process. */
export const ruleOf = (detection: string, id = 'r'): string =>
  `id: ${id}\ntitle: T\nlogsource: { product: windows, category: process_creation }\ndetection:\n${detection.replace(/^/gm, '  ')}\nlevel: high\n`

export const setOf = (text: string, placeholders: Placeholders = {}): RuleSet =>
  readRules([{ path: 'r.yml', text }], parseYaml, placeholders)

/** Whether a rule with this detection fits an event with these fields. A refusal is thrown. */
export function asks(detection: string, placeholders: Placeholders = {}): (fields: Record<string, unknown>) => boolean {
  const set = setOf(ruleOf(detection), placeholders)
  const [refused] = set.refused
  if (refused) throw new Error(refused.reason)
  return (fields) =>
    createSigmaEngine(set).judge(normalise({ logsource: { product: 'windows', category: 'process_creation' }, ...fields }), 0).length > 0
}

/** The same for one selection of one item. */
export const item = (key: string, value: string, placeholders: Placeholders = {}) =>
  asks(`s:\n  ${key}: ${value}\ncondition: s`, placeholders)

/** Why a detection is refused; undefined when it isn't. */
export const refusal = (detection: string, placeholders: Placeholders = {}): string | undefined =>
  setOf(ruleOf(detection), placeholders).refused[0]?.reason
