import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { laneName } from '../words/words.ts'

/** How much of one lane the collector does not have: `Samples: 1,204 records were lost, 1 was refused.` */
export function missingSentence({ lane, lost, refused }: EndpointDetail['missing'][number]): string {
  const counts = [
    [lost, 'lost'],
    [refused, 'refused'],
  ] as const
  const said = counts.filter(([count]) => count > 0).map(([count, what], nth) => `${many(count, nth === 0)} ${what}`)
  return `${laneName[lane]}: ${said.join(', ')}.`
}

const many = (count: number, isFirst: boolean): string =>
  `${count.toLocaleString()}${isFirst ? (count === 1 ? ' record' : ' records') : ''} ${count === 1 ? 'was' : 'were'}`
