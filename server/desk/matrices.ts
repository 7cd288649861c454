import { join } from 'node:path'
import type { Logger } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { type Rules, readRules } from '../pipeline/keep.ts'
import { type LoadedMatrix, loadMatrix, type Matrix, parseMatrix, problemLine } from '../route/matrix.ts'
import type { MatrixProblem } from '../route/problems.ts'
import { keepMatrix } from '../route/route.ts'
import type { Store, Within } from '../store/store.ts'

/*
 * The matrix in force, and those that open tickets were opened under.
 * Enters: at the start, the file that was named, else the version that people put last, else the one that ships; later,
 * versions that somebody puts here or from another process. Leaves: rules that are always those in force.
 * Promises: a version is in force whole or not at all, from the next decision on; tickets that are open keep their plan.
 * On failure: the one in force stays.
 */

export interface Matrices {
  /** Those in force, whenever they are asked: a version that is put changes what these say. */
  rules: Rules
  /** @param within what stands or falls with it. */
  put(yaml: string, author: string, within?: Within): Promise<PutOutcome>
  check(yaml: string): { errors: MatrixProblem[]; warnings: MatrixProblem[] }
  /** Looks for versions that another process has put. @returns its end. */
  watch(log: Logger): () => Promise<void>
}

export type PutOutcome =
  | { kind: 'kept'; matrix: Matrix; warnings: MatrixProblem[] }
  | { kind: 'bad'; problems: MatrixProblem[] }
  | { kind: 'refused'; reason: string }

export const shippedMatrix = join(import.meta.dirname, '../route/default-matrix.yaml')

/** Who put a version that no person put. */
const shipper = 'system'
const fileAuthor = 'file'

/** `tierline matrix set` is another process; whoever runs it looks at the board next. */
const everyMs = seconds(3)

interface Needs {
  store: Store
  time: Time
  /** Decides at every start, when it is named. */
  file?: string | undefined
}

/** @throws Fault `matrix-bad` with a line for each error. */
export async function openMatrices({ store, time, file }: Needs): Promise<Matrices> {
  const { db } = store
  const known = new Map<number, Matrix>()
  const opening = await openingMatrix(store, file)
  let rules = readRules(
    opening.version > 0 ? opening : await keepMatrix(db, opening, file === undefined ? shipper : fileAuthor, time.now()),
  )
  const earlier = (version: number): Matrix | undefined => known.get(version)
  const adopt = (matrix: Matrix): void => {
    known.set(matrix.version, matrix)
    rules = readRules(matrix, earlier)
  }
  for (const matrix of await readInUse(store)) known.set(matrix.version, matrix)
  adopt(rules.matrix)

  /** A newer version than ours that can be read. */
  const look = async (): Promise<void> => {
    const newest = await newestVersion(store)
    if (!newest || newest.version <= rules.matrix.version) return
    const parsed = parseMatrix(newest.yaml)
    if (parsed.kind === 'matrix') adopt({ ...parsed.matrix, version: newest.version })
  }
  return {
    rules: {
      get matrix() {
        return rules.matrix
      },
      routesFor: (kind) => rules.routesFor(kind),
      owedOf: (work) => rules.owedOf(work),
      circumstancesOf: (subject, now, many) => rules.circumstancesOf(subject, now, many),
      at: (version) => rules.at(version),
      planOf: (work) => rules.planOf(work),
    },
    async put(yaml, author, within) {
      if (file !== undefined)
        return { kind: 'refused', reason: `This collector takes its matrix from a file (--matrix): change that file.` }
      const parsed = parseMatrix(yaml)
      if (parsed.kind === 'bad') return parsed
      adopt(await keepMatrix(db, parsed.matrix, author, time.now(), within))
      return { kind: 'kept', matrix: rules.matrix, warnings: parsed.warnings }
    },
    check: (yaml) => {
      const parsed = parseMatrix(yaml)
      return parsed.kind === 'bad' ? { errors: parsed.problems, warnings: [] } : { errors: [], warnings: parsed.warnings }
    },
    watch: (log) => (file === undefined ? watchFor(look, time, log) : async () => undefined),
  }
}

/** Version 0: it isn't kept yet. */
async function openingMatrix(store: Store, file: string | undefined): Promise<Matrix> {
  const newest = file === undefined ? await newestVersion(store) : undefined
  if (!newest || newest.author === shipper) return mustBeGood(await loadMatrix(file ?? shippedMatrix), file ?? shippedMatrix)
  return { ...mustBeGood(parseMatrix(newest.yaml), `matrix version ${newest.version}`), version: newest.version }
}

export function mustBeGood(loaded: LoadedMatrix, name: string): Matrix {
  if (loaded.kind === 'matrix') return loaded.matrix
  throw new Fault('matrix-bad', loaded.problems.map((problem) => problemLine(name, problem)).join('\n'))
}

const newestVersion = ({ db }: Store) => db.selectFrom('matrix_versions').selectAll().orderBy('version', 'desc').limit(1).executeTakeFirst()

/** What open tickets remember; a version that can't be read any more is left out. */
async function readInUse({ db }: Store): Promise<Matrix[]> {
  const used = await db
    .selectFrom('tickets')
    .select(['plan_version', 'matrix_version'])
    .distinct()
    .where('status', '!=', 'resolved')
    .execute()
  const versions = [...new Set(used.flatMap(({ plan_version, matrix_version }) => [plan_version, matrix_version]))]
  if (versions.length === 0) return []
  const rows = await db.selectFrom('matrix_versions').select(['version', 'yaml']).where('version', 'in', versions).execute()
  return rows.flatMap(({ version, yaml }) => {
    const parsed = parseMatrix(yaml)
    return parsed.kind === 'matrix' ? [{ ...parsed.matrix, version }] : []
  })
}

const watchFor = (round: () => Promise<void>, time: Time, log: Logger): (() => Promise<void>) =>
  recur({
    time,
    everyMs,
    round,
    failed: (error) => log.error({ reason: sentenceOf(error) }, 'versions of the matrix could not be looked for'),
  })
