import type { RolledMeasure, RolledSamples, SampleList } from '#shared/api/endpoints.ts'
import { addColumns, addRollup, type Spreads, slotOf, steps } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { samplesIn, storedColumns } from '#shared/domain/sample-columns.ts'
import { seconds } from '#shared/domain/time.ts'
import type { View } from '../view.ts'

/** About as many as a chart has pixels. */
const maxPoints = 600
/** How often an agent takes a sample, unless told otherwise. */
const sampleEveryMs = seconds(10)
/** Of an agent that takes them more often; above it they are thinned. */
const maxSamples = 1_500
/** A machine has about 20; one with hundreds of virtual interfaces must not make an answer of many megabytes. */
const maxMeasures = 100
/** Rows read and parsed at once: 3 ms or so, then others have their turn. */
const pageRows = 200

interface Range {
  endpointId: string
  /** Both included. */
  from: number
  to: number
}

/** The finest step of which a chart can show the whole range, and which is still kept of its beginning. */
export async function readSamples(view: View, range: Range, now: number): Promise<SampleList> {
  const { raw, fiveMinutes, hour } = steps
  const fits = (everyMs: number, keptForMs: number) => range.to - range.from <= maxPoints * everyMs && now - range.from <= keptForMs
  if (fits(sampleEveryMs, raw.keptForMs)) return { kind: 'raw', samples: await rawSamples(view, range) }
  const { widthMs } = fits(fiveMinutes.widthMs, fiveMinutes.keptForMs) ? fiveMinutes : hour
  return rolledSamples(view, range, widthMs)
}

/** A row holds one sample or many, and none reaches over its five minutes. */
async function rawSamples(view: View, { endpointId, from, to }: Range): Promise<Sample[]> {
  const rowsInRange = sampleRowsIn(view, { endpointId, from: slotOf(from, steps.fiveMinutes.widthMs), to })
  const { total } = await rowsInRange.select((count) => count.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await view.everyNth(rowsInRange, thinned(Number(total))).execute()
  const samples = storedColumns(rows.map(({ body }) => body)).flatMap(samplesIn)
  const inRange = samples.filter(({ at }) => at >= from && at <= to)
  const nth = thinned(inRange.length)
  return inRange.filter((_, index) => index % nth === 0)
}

/** Every how manieth stays. */
const thinned = (count: number): number => Math.max(1, Math.ceil(count / maxSamples))

/**
 * The roll-ups of `storedMs`, several to a point where the range holds more than a chart can show. Of the newest slots,
 * which aren't rolled up yet, what there is of finer steps: somebody who started ten minutes ago sees ten minutes.
 */
async function rolledSamples(view: View, range: Range, storedMs: number): Promise<RolledSamples> {
  const { fiveMinutes, hour } = steps
  const stepMs = storedMs * Math.max(1, Math.ceil((range.to - range.from) / storedMs / maxPoints))
  const points = new Map<number, Spreads>()
  const pointOf = (at: number): Spreads => {
    const known = points.get(slotOf(at, stepMs)) ?? new Map()
    points.set(slotOf(at, stepMs), known)
    return known
  }

  let after = slotOf(range.from, stepMs)
  for (const { widthMs } of [hour, fiveMinutes].filter((step) => step.widthMs <= storedMs)) {
    for await (const { at, body } of pages((from, limit) => rollupRows(view, { ...range, from }, widthMs, limit), after)) {
      addRollup(pointOf(at), body)
      after = at + widthMs
    }
  }
  for await (const { at, body } of pages((from, limit) => sampleRows(view, { ...range, from }, limit), after))
    for (const columns of storedColumns([body])) addColumns(pointOf(at), columns)
  return columnsOf(points, stepMs)
}

interface Row {
  at: number
  body: string
}

/** Rows from `from` on, oldest first, page by page, so that no turn of the loop parses all of them. */
async function* pages(read: (from: number, limit: number) => Promise<Row[]>, from: number): AsyncGenerator<Row> {
  for (let next = from; ; ) {
    const rows = await read(next, pageRows)
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < pageRows) return
    next = last.at + 1
  }
}

function rollupRows(view: View, { endpointId, from, to }: Range, widthMs: number, limit: number): Promise<Row[]> {
  const ofEndpoint = view.rollups().where('rollups.endpoint_id', '=', endpointId).where('rollups.step_ms', '=', widthMs)
  const inRange = ofEndpoint.where('rollups.at', '>=', from).where('rollups.at', '<=', to)
  return inRange.select(['rollups.at', 'rollups.body']).orderBy('rollups.at').limit(limit).execute()
}

function sampleRows(view: View, range: Range, limit: number): Promise<Row[]> {
  return sampleRowsIn(view, range).select(['samples.at', 'samples.body']).orderBy('samples.at').limit(limit).execute()
}

const sampleRowsIn = (view: View, { endpointId, from, to }: Range) =>
  view.samples().where('samples.endpoint_id', '=', endpointId).where('samples.at', '>=', from).where('samples.at', '<=', to)

function columnsOf(points: Map<number, Spreads>, stepMs: number): RolledSamples {
  const at = [...points.keys()].toSorted((a, b) => a - b)
  const rows = at.map((instant) => points.get(instant))
  const names = new Set(rows.flatMap((spreads) => [...(spreads?.keys() ?? [])]))
  const measures = [...names].slice(0, maxMeasures).map((name): RolledMeasure => {
    const spreads = rows.map((row) => row?.get(name))
    const column = (which: 'min' | 'mean' | 'max') => spreads.map((spread) => spread?.[which] ?? null)
    return { name, min: column('min'), mean: column('mean'), max: column('max') }
  })
  return { kind: 'rolled', stepMs, at, measures }
}
