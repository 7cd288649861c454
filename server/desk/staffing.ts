import type { Time } from '#shared/domain/time.ts'
import { createMaintenance, type Maintenance } from '../due/maintenance.ts'
import { createRosters, type Rosters } from '../people/rosters.ts'
import type { Store } from '../store/store.ts'
import { type Absences, type AbsencesOptions, createAbsences } from './absences.ts'
import type { Matrices } from './matrices.ts'
import { type Modes, type ModesOptions, openModes } from './modes.ts'
import { createNoise, type Noise } from './noise.ts'
import { createStop, type Stop } from './stop.ts'

/** Who works, who is on call, who is away; when machines are worked on, what is noise, and what may happen without people. */
export interface Staffing {
  modes: Modes
  rosters: Rosters
  absences: Absences
  stop: Stop
  maintenance: Maintenance
  noise: Noise
}

interface StaffingOptions extends Pick<AbsencesOptions, 'timers'> {
  store: Store
  time: Time
  matrices: Pick<Matrices, 'rules'>
  outbox: { nudge(): void }
  pipeline: { nudge(isUrgent: boolean): void }
  log: ModesOptions['log']
}

export const openStaffing = ({ store, time, timers, matrices, outbox, pipeline, log }: StaffingOptions): Staffing => ({
  modes: openModes({ store, time, rules: matrices.rules, log, onRaised: () => pipeline.nudge(false) }),
  rosters: createRosters({ store, time, teams: () => matrices.rules.matrix.teams }),
  absences: createAbsences({ store, time, timers }),
  stop: createStop({ store, time, timers, outbox }),
  maintenance: createMaintenance({ store, time, timers }),
  noise: createNoise({ store, time, rules: matrices.rules, pipeline, timers }),
})
