/*
 * Many callers, one fsync. Whatever has arrived while the last commit ran, and in the same turns of the event loop,
 * goes into the next one; when that fails although the store is well, it is halved until the job that breaks it stands
 * alone. Jobs keep their order.
 */
interface Waiting<Job, Outcome> {
  job: Job
  resolve: (outcome: Outcome) => void
  reject: (error: unknown) => void
}

export interface GroupCommit<Job, Outcome> {
  /** Resolves after the commit that holds this job. */
  submit(job: Job): Promise<Outcome>
  /** When everything submitted so far is settled, whatever comes meanwhile. */
  settled(): Promise<void>
  /** Records that wait for a commit, or for the one under way to be settled. */
  weight(): number
  /** For how long what came has waited without any commit; 0: nothing has. */
  stillMs(): number
  /** When nothing is left. */
  idle(): Promise<void>
}

/** Turns that are long themselves, with frames that cost much to read, must not add up to what those who wait would notice. */
const longestGatherMs = 5

export function createGroupCommit<Job, Outcome>(needs: {
  /** One transaction for all of them; an outcome for each, in order. */
  commit(jobs: readonly Job[]): Promise<readonly Outcome[]>
  /** Last resort for a job that can't be committed as it is. */
  rescue(job: Job): Promise<Outcome>
  /** Whether the store is well, so that it was a job that made this error. */
  isStoreWell(error: unknown): Promise<boolean>
  /** Records in a job. */
  weigh(job: Job): number
  /** Waits for no group. */
  isUrgent(job: Job): boolean
  /** A commit holds at most this many records (or one job), so that the event loop is never held long. */
  maxWeight: number
  /** Milliseconds of a clock that never jumps. */
  clock(): number
}): GroupCommit<Job, Outcome> {
  const queue: Waiting<Job, Outcome>[] = []
  let lengthSeen = 0
  let underWay = 0
  let working: Promise<void> | undefined
  let waitsSince: number | undefined
  /** Jobs are settled in their order, so whoever waits for the last one waits for all. */
  let last: Promise<unknown> = Promise.resolve()

  const weightOf = (jobs: readonly Waiting<Job, Outcome>[]): number => jobs.reduce((sum, { job }) => sum + needs.weigh(job), 0)

  const takeGroup = (): Waiting<Job, Outcome>[] => {
    let weight = 0
    const end = queue.findIndex(({ job }, index) => {
      weight += needs.weigh(job)
      return index > 0 && weight > needs.maxWeight
    })
    return queue.splice(0, end === -1 ? queue.length : end)
  }

  const settle = async (group: readonly Waiting<Job, Outcome>[]): Promise<void> => {
    try {
      const outcomes = await needs.commit(group.map(({ job }) => job))
      waitsSince = queue.length > 0 ? needs.clock() : undefined
      for (const [index, outcome] of outcomes.entries()) group[index]?.resolve(outcome)
    } catch (error) {
      if (!(await needs.isStoreWell(error))) for (const { reject } of group) reject(error)
      else await settleApart(group)
    }
  }

  const settleApart = async (group: readonly Waiting<Job, Outcome>[]): Promise<void> => {
    const [first, ...rest] = group
    if (first && rest.length === 0) return needs.rescue(first.job).then(first.resolve, first.reject)
    const middle = Math.ceil(group.length / 2)
    await settle(group.slice(0, middle))
    await settle(group.slice(middle))
  }

  /** Lets the loop turn once more while each turn still brings frames: a bigger group costs the same fsync. */
  const gather = async (): Promise<void> => {
    const endAt = needs.clock() + longestGatherMs
    do {
      lengthSeen = queue.length
      await nextTurn()
    } while (queue.length > lengthSeen && queue.length < needs.maxWeight && needs.clock() < endAt && !hasUrgent())
  }
  const hasUrgent = (): boolean => queue.some(({ job }) => needs.isUrgent(job))

  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      await gather()
      const group = takeGroup()
      underWay = weightOf(group)
      await settle(group)
      underWay = 0
    }
    working = undefined
  }

  return {
    submit: (job) => {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
      queue.push({ job, resolve, reject })
      waitsSince ??= needs.clock()
      working ??= work()
      last = promise.catch(() => undefined)
      return promise
    },
    settled: async () => {
      await last
    },
    weight: () => underWay + weightOf(queue),
    stillMs: () => (waitsSince === undefined ? 0 : needs.clock() - waitsSince),
    idle: async () => {
      while (working) await working
    },
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
