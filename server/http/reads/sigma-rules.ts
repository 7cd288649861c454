import { type SqlBool, sql } from 'kysely'
import type { SigmaRule, SigmaRuleList, SigmaRuleQuery } from '#shared/api/sigma-rules.ts'
import type { WatchedRulesTable } from '../../store/tables/arm.ts'
import type { View } from '../view.ts'

const maxRules = 2_000

/** Armed ones first; of each the last thing that is known of it. */
export async function readSigmaRules(view: View, { armed, search }: SigmaRuleQuery): Promise<Omit<SigmaRuleList, 'needs'>> {
  const rows = await view
    .watchedRules()
    .selectAll()
    .$if(armed !== undefined, (found) => found.where('is_armed', '=', armed === 'yes' ? 1 : 0))
    .$if(search !== undefined, (found) =>
      found.where(
        sql<SqlBool>`(lower(title) like ${containing(search ?? '')} escape '!' or lower(rule) like ${containing(search ?? '')} escape '!')`,
      ),
    )
    .orderBy('is_armed', 'desc')
    .orderBy('title')
    .orderBy('rule')
    .orderBy('digest')
    .limit(maxRules + 1)
    .execute()
  return { rules: rows.slice(0, maxRules).map(shown), isCut: rows.length > maxRules }
}

const containing = (text: string): string => `%${text.toLowerCase().replace(/[!%_]/g, '!$&')}%`

const nothingYet = { days: 0, endpoints: 0, ofEndpoints: 0, endpointDays: 0, hits: 0, falseAlarms: 0 }

function shown({ rule, digest, title, severity, status, is_armed, changed_at, why }: WatchedRulesTable): SigmaRule {
  const said = JSON.parse(why) as Pick<SigmaRule, 'reason'> & Partial<typeof nothingYet> & { falseAlarmsLately?: number }
  const { falseAlarmsLately: _, ...standing } = said
  return { rule, digest, title, severity, status, isArmed: is_armed === 1, since: changed_at, ...nothingYet, ...standing }
}
