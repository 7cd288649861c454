/*
 * Queues over time as an SVG of its own: one panel a run, one line a team, all on one scale. Names are somebody's text and
 * are written as text.
 */

export interface Panel {
  name: string
  from: number
  until: number
  /** By team: a length for each of as many equal spans. */
  curves: ReadonlyMap<string, readonly number[]>
}

const [width, height, left, right, top, bottom] = [960, 260, 56, 150, 34, 30]
/** Okabe and Ito's colours, which people who see colours differently tell apart. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#d55e00', '#cc79a7', '#56b4e9', '#000000']
const dayMs = 86_400_000

export function pictureOf(panels: readonly Panel[], timeZone: string): string {
  const teams = [...new Set(panels.flatMap(({ curves }) => [...curves.keys()]))].sort()
  const longest = Math.max(1, ...panels.flatMap(({ curves }) => [...curves.values()].flatMap((curve) => Math.max(...curve))))
  const drawn = panels.map((panel, index) => panelOf(panel, index * height, teams, longest, timeZone))
  const size = `width="${width}" height="${height * panels.length}" viewBox="0 0 ${width} ${height * panels.length}"`
  const style = 'font-family="system-ui, sans-serif" font-size="12"'
  const title = '<title>Tickets that nobody has taken, by team</title>'
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style} role="img">\n${title}\n<rect width="100%" height="100%" fill="#fff"/>\n${drawn.join('\n')}\n</svg>\n`
}

function panelOf({ name, from, until, curves }: Panel, above: number, teams: readonly string[], longest: number, timeZone: string): string {
  const x = (share: number): number => left + share * (width - left - right)
  const y = (length: number): number => above + height - bottom - (length / longest) * (height - top - bottom)
  const ground = y(0)
  const ticks = ticksOf(from, until, timeZone).map(({ share, label }) =>
    [line(x(share), ground, x(share), ground + 4, '#888'), text(x(share), ground + 18, label, 'middle')].join(''),
  )
  const scale = [...new Set([0, Math.round(longest / 2), longest])].map(
    (length) => line(left, y(length), width - right, y(length), '#ddd') + text(left - 6, y(length) + 4, String(length), 'end'),
  )
  const lines = teams.flatMap((team, index) => {
    const curve = curves.get(team)
    return curve ? [polyline(curve, x, y, colourOf(index)), legend(team, index, above)] : []
  })
  return [text(left, above + 20, name, 'start', 'bold'), ...scale, ...ticks, ...lines].join('\n')
}

const colourOf = (index: number): string => colours[index % colours.length] ?? '#000000'

function polyline(curve: readonly number[], x: (share: number) => number, y: (length: number) => number, colour: string): string {
  const points = curve.map((length, index) => `${round(x(index / Math.max(1, curve.length - 1)))},${round(y(length))}`).join(' ')
  return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" stroke-linejoin="round" points="${points}"/>`
}

const legend = (team: string, index: number, above: number): string => {
  const at = above + top + 8 + index * 18
  return line(width - right + 14, at, width - right + 34, at, colourOf(index), 3) + text(width - right + 40, at + 4, team, 'start')
}

/** At most ten days, each at its midnight there. */
function ticksOf(from: number, until: number, timeZone: string): { share: number; label: string }[] {
  const everyDays = Math.max(1, Math.ceil((until - from) / dayMs / 10))
  const ticks: { share: number; label: string }[] = []
  let day = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).startOfDay()
  for (; day.epochMilliseconds <= until; day = day.add({ days: everyDays })) {
    const share = (day.epochMilliseconds - from) / (until - from)
    if (share >= 0) ticks.push({ share, label: day.toPlainDate().toString().slice(5) })
  }
  return ticks
}

const line = (x1: number, y1: number, x2: number, y2: number, colour: string, thick = 1): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" stroke-width="${thick}"/>`

const text = (x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', weight = 'normal'): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-weight="${weight}" fill="#222">${escaped(words)}</text>`

const round = (value: number): number => Math.round(value * 10) / 10

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
/** What XML 1.0 allows of it, as text. */
const escaped = (words: string): string =>
  words.replaceAll(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '').replaceAll(/[&<>"']/g, (each) => entities[each] ?? '')
