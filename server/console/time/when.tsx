import { useNow } from './clock.tsx'
import { ago, fullInstant, instant } from './durations.ts'

/** An instant as people say it, with the whole of it on hover. */
export function When({ at, as = 'ago' }: { at: number; as?: 'ago' | 'instant' }) {
  const now = useNow()
  return (
    <time dateTime={new Date(at).toISOString()} title={fullInstant(at)}>
      {as === 'ago' ? ago(at, now) : instant(at, now)}
    </time>
  )
}
