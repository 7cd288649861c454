/** What of a version is compared in turn: `epoch:upstream-revision`, after Debian policy 5.6.12; rpm's and apk's differ in rare signs only. */
function partsOf(version: string): [epoch: string, upstream: string, revision: string] {
  const colon = version.indexOf(':')
  const rest = version.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return [colon < 0 ? '0' : version.slice(0, colon), dash < 0 ? rest : rest.slice(0, dash), dash < 0 ? '' : rest.slice(dash + 1)]
}

/** Below zero: `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const theirs = partsOf(b)
  return partsOf(a).reduce((so, part, index) => so || compareParts(part, theirs[index] ?? ''), 0)
}

/** Stretches without digits by their signs, stretches of digits by their number, in turn. */
function compareParts(a: string, b: string): number {
  const [ours, theirs] = [stretches(a), stretches(b)]
  for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
    const so = (index % 2 === 0 ? compareSigns : compareNumbers)(ours[index] ?? '', theirs[index] ?? '')
    if (so !== 0) return so
  }
  return 0
}

/** The first is always without digits, if empty. */
const stretches = (text: string): string[] => text.split(/(\d+)/)

function compareSigns(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const so = weightOf(a[index]) - weightOf(b[index])
    if (so !== 0) return so
  }
  return 0
}

/** `~` comes before the end, and letters before all other signs. */
function weightOf(sign: string | undefined): number {
  if (sign === undefined) return 0
  if (sign === '~') return -1
  return /[a-z]/i.test(sign) ? sign.charCodeAt(0) : sign.charCodeAt(0) + 65_536
}

function compareNumbers(a: string, b: string): number {
  const [ours, theirs] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return ours.length - theirs.length || (ours < theirs ? -1 : Number(ours > theirs))
}
