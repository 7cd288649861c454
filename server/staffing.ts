import type { Time } from '#shared/domain/time.ts'
import { type Absences, type AbsencesOptions, createAbsences } from './absences.ts'
import type { Matrices } from './matrices.ts'
import { createRosters, type Rosters } from './people/rosters.ts'
import type { Store } from './store/store.ts'

/** Who works, who is on call, who is away. */
export interface Staffing {
  rosters: Rosters
  absences: Absences
}

interface StaffingOptions extends Pick<AbsencesOptions, 'timers'> {
  store: Store
  time: Time
  matrices: Pick<Matrices, 'rules'>
}

export const openStaffing = ({ store, time, timers, matrices }: StaffingOptions): Staffing => ({
  rosters: createRosters({ store, time, teams: () => matrices.rules.matrix.teams }),
  absences: createAbsences({ store, time, timers }),
})
