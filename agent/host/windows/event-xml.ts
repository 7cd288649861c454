/*
 * An event as Windows renders it, XML → the same as JSON, as tools of the field write it (`Event.System`, `Event.EventData`), which is what
 * normalise reads. By element and name only, never by a text in somebody's language: RenderingInfo is passed over. Threat: what stands in it
 * was chosen by whoever caused the event. So it is bounded in length, depth and number, knows no DTD and none of its entities,
 * and text within a field is never markup.
 */
export type EventJson = { Event: { System: Fields; EventData?: Fields; UserData?: Fields } }
type Fields = Record<string, unknown>

interface Element {
  name: string
  attributes: [string, string][]
  children: Element[]
  text: string
}

const maxChars = 262_144
const maxDepth = 16
const maxElements = 4_096

/** Undefined for what is no event. */
export function eventOfXml(xml: string): EventJson | undefined {
  const root = xml.length > maxChars ? undefined : rootOf(xml)
  if (root?.name !== 'Event') return undefined
  const part = (name: string): Element | undefined => root.children.find((child) => child.name === name)
  const system = part('System')
  if (!system) return undefined
  const System = Object.fromEntries(system.children.map((child) => [child.name, systemValue(child)]))
  const data = part('EventData')
  const user = part('UserData')?.children[0]
  return {
    Event: {
      System,
      ...(data && { EventData: dataOf(data) }),
      ...(user && { UserData: { [user.name]: Object.fromEntries(leavesOf(user)) } }),
    },
  }
}

function systemValue({ name, attributes, text }: Element): unknown {
  const isNumber = /^(?:EventID|Version|Level|Task|Opcode|EventRecordID)$/.test(name) && /^\d{1,15}$/.test(text.trim())
  if (isNumber) return Number(text)
  return attributes.length > 0 ? { '#attributes': Object.fromEntries(attributes), ...(text !== '' && { '#text': text }) } : text
}

/** Fields by their names; those without one in a list, in the order in which they stand. */
function dataOf({ children }: Element): Fields {
  const named: [string, string][] = []
  const unnamed: string[] = []
  for (const { name, attributes, text } of children) {
    const own = name === 'Data' ? attributes.find(([key]) => key === 'Name')?.[1] : name
    if (own === undefined || own === '') unnamed.push(text)
    else named.push([own, text])
  }
  return { ...fromPairs(named), ...(unnamed.length > 0 && { Data: unnamed }) }
}

/** What the envelope of every event calls so too: the log that was cleared is not the one that says so. */
const envelope = new Set(['Channel', 'Computer', 'EventID', 'TimeCreated'])

const leavesOf = ({ children }: Element): [string, unknown][] =>
  Object.entries(fromPairs(children.flatMap(leaves).map(([name, text]) => [envelope.has(name) ? `Own${name}` : name, text])))

function leaves(element: Element): [string, string][] {
  return element.children.length === 0 ? [[element.name, element.text]] : element.children.flatMap(leaves)
}

/** A name that comes again adds to what stands there, and takes nothing's place. */
function fromPairs(pairs: readonly [string, string][]): Fields {
  const found = new Map<string, string | string[]>()
  for (const [name, value] of pairs) {
    const before = found.get(name)
    found.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(found)
}

/** One tag, CDATA section, comment or instruction; what is written wrong is matched by none and ends the reading. */
const token =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([A-Za-z_][\w.:-]{0,127})((?:\s+[A-Za-z_][\w.:-]{0,127}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y

function rootOf(xml: string): Element | undefined {
  const top: Element = { name: '', attributes: [], children: [], text: '' }
  const open = [top]
  let count = 0
  let at = 0
  while (at < xml.length) {
    const here = open.at(-1)
    const next = xml.indexOf('<', at)
    if (!here) return undefined
    here.text += unescaped(xml.slice(at, next === -1 ? xml.length : next))
    if (next === -1) break
    token.lastIndex = next
    const found = token.exec(xml)
    if (!found) return undefined
    at = token.lastIndex
    const [, cdata, isEnd, name, attributes = '', isEmpty] = found
    if (cdata !== undefined) here.text += cdata
    if (name === undefined) continue
    if (isEnd) {
      if (open.length === 1 || open.pop()?.name !== name) return undefined
      continue
    }
    count += 1
    if (count > maxElements || open.length > maxDepth) return undefined
    const element: Element = { name, attributes: attributesIn(attributes), children: [], text: '' }
    here.children.push(element)
    if (!isEmpty) open.push(element)
  }
  return open.length === 1 && top.children.length === 1 ? top.children[0] : undefined
}

const attributesIn = (text: string): [string, string][] =>
  [...text.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, name = '', double, single]) => [
    name,
    unescaped(double ?? single ?? ''),
  ])

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g, (whole, decimal, hex, name) => {
    if (name) return entities[name] ?? whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : '�'
  })
}
