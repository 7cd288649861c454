import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo } from 'react'
import { keys } from '../api/keys.ts'
import { createRereader, staleBy } from './hints.ts'
import type { LineState } from './live-line.ts'
import { useLiveLine } from './use-live-line.ts'

const LineContext = createContext<LineState>('connecting')
export const useLineState = (): LineState => useContext(LineContext)

/** Keeps whatever is on the screen true: hints come in, and what they concern is read again. */
export function Live({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const reread = useMemo(() => createRereader((queryKey) => client.invalidateQueries({ queryKey })), [client])
  const state = useLiveLine('/api/live', {
    event: (event) => reread(staleBy(event)),
    live: () => void client.invalidateQueries(),
    // It may be lost because the session has ended; then this leads to the sign-in.
    lost: () => void client.invalidateQueries({ queryKey: keys.session }),
  })
  return <LineContext value={state}>{children}</LineContext>
}
