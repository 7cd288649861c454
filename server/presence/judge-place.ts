import type { SiteSilencesTable } from '../store/tables/presence.ts'
import { dueAt, isAnnounced, isCounted, judgeAlone, saidOf } from './judge-machine.ts'
import { emptyJudgement, type Judgement, type Machine, type Place, type Sight, together } from './judgement.ts'
import { leastChanceMs, type SilenceLimits } from './limits.ts'
import { fallOf, type Gone } from './site-fall.ts'
import { placeBack, placeSilent, visitDone, visitWanted } from './words.ts'

/** A place and its machines that are away: as one while it is silent, else each for itself. */
export function judgePlace(place: Place, away: Machine[], sight: Sight, limits: SilenceLimits, now: number): Judgement {
  const judgement = judge(place, away, sight, limits, now)
  // Each step wrote down the place as it left it.
  return { ...judgement, sites: judgement.sites.slice(-1) }
}

function judge(place: Place, away: Machine[], sight: Sight, limits: SilenceLimits, now: number): Judgement {
  if (place.silence === null) return judgeThere(place, away, sight, limits, now)
  const still = away.filter(({ said }) => said?.said === 'with-site')
  return still.length * 2 >= place.silence.machines
    ? judgeSilent(place, place.silence, away, sight, limits, now)
    : together([comeBack(place, place.silence, still, now), ...eachAlone(away, sight, limits, now)])
}

const eachAlone = (away: readonly Machine[], sight: Sight, limits: SilenceLimits, now: number): Judgement[] =>
  away.map((machine) => judgeAlone(machine, sight, limits, now))

function judgeThere(place: Place, away: Machine[], sight: Sight, limits: SilenceLimits, now: number): Judgement {
  const gone = away.filter(({ said }) => said === null).map((machine): Gone => ({ machine, ...goneOf(machine, sight, limits, now) }))
  const fall = fallOf(gone, place, sight, limits, now)
  if (!fall) return together(eachAlone(away, sight, limits, now))
  const covered = new Set(fall.machines)
  const others = away.filter((machine) => !covered.has(machine))
  const silence = { machines: covered.size, said_at: now, ordered_at: null }
  const said = fall.machines.map((machine) => saidOf(machine, 'with-site', now, place.id))
  const fallen = { ...emptyJudgement(), signals: [placeSilent(place, fall)], said, sites: [rowOf(place, silence)] }
  // Whoever went later than the rest follows them.
  return together([fallen, ...follow(place, silence, others, sight, limits, now)])
}

/** Who goes while the place is silent is covered by it, except who said when it would be back. */
function judgeSilent(
  place: Place,
  silence: NonNullable<Place['silence']>,
  away: Machine[],
  sight: Sight,
  limits: SilenceLimits,
  now: number,
): Judgement {
  const isVisitDue = silence.ordered_at === null && now >= visitAt(silence, sight, limits)
  if (!isVisitDue) return together(follow(place, silence, away, sight, limits, now))
  const ordered = { ...silence, ordered_at: now }
  const visit = { ...emptyJudgement(), signals: [visitWanted(place, silence, now)], sites: [rowOf(place, ordered)] }
  return together([visit, ...follow(place, ordered, away, sight, limits, now)])
}

/** After an absence of ours its machines have their chance before anybody is sent. */
const visitAt = ({ said_at }: { said_at: number }, { since }: Sight, limits: SilenceLimits): number =>
  Math.max(said_at + limits.site.visitAfterMs, since + leastChanceMs(limits))

function follow(
  place: Place,
  silence: NonNullable<Place['silence']>,
  away: Machine[],
  sight: Sight,
  limits: SilenceLimits,
  now: number,
): Judgement[] {
  const due = away.filter((machine) => isCounted(machine) && now >= dueAt(machine, sight, limits, now))
  const covered = due.filter((machine) => !isAnnounced(machine))
  const alone = due.filter(isAnnounced).map((machine) => judgeAlone(machine, sight, limits, now))
  if (covered.length === 0) return alone
  const said = covered.map((machine) => saidOf(machine, 'with-site', now, place.id))
  const grown = rowOf(place, { ...silence, machines: silence.machines + covered.length })
  return [{ ...emptyJudgement(), said, sites: [grown] }, ...alone]
}

/** Its machines that are still away are counted anew. */
function comeBack(place: Place, { ordered_at }: NonNullable<Place['silence']>, still: Machine[], now: number): Judgement {
  const signals = [placeBack(place, still.length), ...(ordered_at === null ? [] : [visitDone(place)])]
  const said = still.map((machine) => saidOf(machine, 'excused', now, null))
  return { ...emptyJudgement(), signals, said, sitesBack: [place.id] }
}

const rowOf = ({ id, organisationId }: Place, silence: NonNullable<Place['silence']>): SiteSilencesTable => ({
  ...{ site_id: id, organisation_id: organisationId },
  ...silence,
})

/** From which instant its silence counts; whoever was there when we lost sight has from when we see again. */
function goneOf(machine: Machine, { lostAt, since }: Sight, { site }: SilenceLimits, now: number): Omit<Gone, 'machine'> {
  const { lastHeardAt } = machine
  const isUnseen = lastHeardAt > now || (lastHeardAt <= since && lastHeardAt >= lostAt - site.thereBeforeMs)
  return { isUnseen, at: isUnseen ? since : lastHeardAt, isAnnounced: isAnnounced(machine) }
}
