import type { Time } from '#shared/domain/time.ts'
import { type Absences, type AbsencesOptions, createAbsences } from './absences.ts'
import type { Matrices } from './matrices.ts'
import { createRosters, type Rosters } from './people/rosters.ts'
import { createStop, type Stop } from './stop.ts'
import type { Store } from './store/store.ts'

/** Who works, who is on call, who is away. */
export interface Staffing {
  rosters: Rosters
  absences: Absences
  stop: Stop
}

interface StaffingOptions extends Pick<AbsencesOptions, 'timers'> {
  store: Store
  time: Time
  matrices: Pick<Matrices, 'rules'>
  outbox: { nudge(): void }
}

export const openStaffing = ({ store, time, timers, matrices, outbox }: StaffingOptions): Staffing => ({
  rosters: createRosters({ store, time, teams: () => matrices.rules.matrix.teams }),
  absences: createAbsences({ store, time, timers }),
  stop: createStop({ store, time, timers, outbox }),
})
