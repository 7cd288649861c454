import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useState } from 'react'
import { createApi } from './api/api.ts'
import { ApiProvider } from './api/api-context.tsx'
import { createCall, isSignedOut, Refusal } from './api/call.ts'
import { keys } from './api/keys.ts'
import { createConsoleRouter } from './routes.tsx'
import { theme } from './theme.ts'
import { ClockProvider, createClock } from './time/clock.tsx'

/** Makes the parts once and hands them to whoever draws. */
export function Console() {
  const [parts] = useState(assemble)
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <ClockProvider clock={parts.clock}>
        <ApiProvider api={parts.api}>
          <QueryClientProvider client={parts.client}>
            <RouterProvider router={parts.router} />
          </QueryClientProvider>
        </ApiProvider>
      </ClockProvider>
    </MantineProvider>
  )
}

function assemble() {
  const clock = createClock()
  const api = createApi(createCall(clock))
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session ended while somebody was at work: on from there once they have signed in again.
        if (!isSignedOut(error) || !client.getQueryData(keys.session)) return
        void router.navigate({ to: '/sign-in', search: { next: router.state.location.href } }).then(() => client.clear())
      },
    }),
    defaultOptions: { queries: { retry: isWorthAnotherTry, staleTime: 5_000 } },
  })
  const router = createConsoleRouter({ client, api })
  return { clock, api, client, router }
}

/** What the collector refused it will refuse again; what did not reach it may reach it in a moment. */
function isWorthAnotherTry(failures: number, error: Error): boolean {
  const isPassing = error instanceof Refusal && (error.status === 0 || error.status >= 500)
  return isPassing && failures < 3
}
