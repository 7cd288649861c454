import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { z } from 'zod'
import type { Api } from './api/api.ts'
import { isSignedOut } from './api/call.ts'
import { sessionQuery } from './api/queries.ts'
import { BoardPage } from './board/board-page.tsx'
import { BulkPage } from './bulk/bulk-page.tsx'
import { EndpointsPage } from './endpoints/endpoints-page.tsx'
import { Frame } from './frame/frame.tsx'
import { PageMissing, PageProblem } from './frame/page-problem.tsx'
import { SignInPage } from './session/sign-in-page.tsx'
import { TicketPage } from './ticket/ticket-page.tsx'
import { TicketsPage } from './tickets/tickets-page.tsx'

interface RouteContext {
  client: QueryClient
  api: Api
}

const root = createRootRouteWithContext<RouteContext>()({ component: Outlet, errorComponent: PageProblem, notFoundComponent: PageMissing })

/** Where to go after signing in: a path of this console, never another site's address. */
const ownPath = z
  .string()
  .regex(/^\/(?![/\\])/)
  .optional()
  .catch(undefined)

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: z.object({ next: ownPath }),
  component: function SignInRoute() {
    return <SignInPage next={signIn.useSearch().next ?? '/'} />
  },
})

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: Frame,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(sessionQuery(context.api))
    } catch (error) {
      if (!isSignedOut(error)) throw error
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } })
    }
  },
})

const board = createRoute({ getParentRoute: () => signedIn, path: '/', component: BoardPage })

const tickets = createRoute({ getParentRoute: () => signedIn, path: '/tickets', component: TicketsPage })

const ticket = createRoute({
  getParentRoute: () => signedIn,
  path: '/tickets/$id',
  component: function TicketRoute() {
    const { id } = ticket.useParams()
    return <TicketPage key={id} id={id} />
  },
})

const endpoints = createRoute({ getParentRoute: () => signedIn, path: '/endpoints', component: EndpointsPage })

// The charts come only with the page that shows them.
const endpoint = createRoute({
  getParentRoute: () => signedIn,
  path: '/endpoints/$id',
  component: lazyRouteComponent(() => import('./endpoint/endpoint-page.tsx'), 'EndpointPage'),
})

const administration = createRoute({
  getParentRoute: () => signedIn,
  path: '/administration',
  component: lazyRouteComponent(() => import('./administration/administration-page.tsx'), 'AdministrationPage'),
})

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: '/audit',
  component: lazyRouteComponent(() => import('./audit/audit-page.tsx'), 'AuditPage'),
})

const maintenance = createRoute({
  getParentRoute: () => signedIn,
  path: '/maintenance',
  component: lazyRouteComponent(() => import('./quiet/quiet-page.tsx'), 'QuietPage'),
})

const teams = createRoute({
  getParentRoute: () => signedIn,
  path: '/teams',
  component: lazyRouteComponent(() => import('./teams/teams-page.tsx'), 'TeamsPage'),
})

const mails = createRoute({
  getParentRoute: () => signedIn,
  path: '/mails',
  component: lazyRouteComponent(() => import('./mails/mails-page.tsx'), 'MailsPage'),
})

const scripts = createRoute({
  getParentRoute: () => signedIn,
  path: '/scripts',
  component: lazyRouteComponent(() => import('./scripts/scripts-page.tsx'), 'ScriptsPage'),
})

const key = createRoute({
  getParentRoute: () => signedIn,
  path: '/key',
  component: lazyRouteComponent(() => import('./key/key-page.tsx'), 'KeyPage'),
})

const standing = createRoute({
  getParentRoute: () => signedIn,
  path: '/standing',
  component: lazyRouteComponent(() => import('./standing/standing-page.tsx'), 'StandingPage'),
})

const bulks = createRoute({
  getParentRoute: () => signedIn,
  path: '/bulk',
  component: lazyRouteComponent(() => import('./bulk/bulks-page.tsx'), 'BulksPage'),
})

const bulk = createRoute({
  getParentRoute: () => signedIn,
  path: '/bulk/$id',
  component: function BulkRoute() {
    const { id } = bulk.useParams()
    return <BulkPage key={id} id={id} />
  },
})

export function createConsoleRouter(context: RouteContext) {
  const pages = [
    board,
    tickets,
    ticket,
    endpoints,
    endpoint,
    teams,
    mails,
    maintenance,
    administration,
    audit,
    scripts,
    key,
    standing,
    bulks,
    bulk,
  ] as const
  const routeTree = root.addChildren([signIn, signedIn.addChildren(pages)])
  return createRouter({ routeTree, context, defaultPreload: false })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
