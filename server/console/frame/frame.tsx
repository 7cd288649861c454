import { Anchor, AppShell, Group } from '@mantine/core'
import { Link, Outlet } from '@tanstack/react-router'
import { Live } from '../live/live.tsx'
import { useIsProvider, usePowers } from '../session/session.ts'
import { IsolationFailed } from './isolation-failed.tsx'
import { LineBadge } from './line-badge.tsx'
import { P1Notice } from './p1-notice.tsx'
import { PageLink } from './page-link.tsx'
import { SignedIn } from './signed-in.tsx'
import { StopBanner } from './stop-banner.tsx'
import { StopButton } from './stop-button.tsx'
import { TrustLine } from './trust-line.tsx'
import { Wordmark } from './wordmark.tsx'

/** What stands around every page once somebody is signed in. */
export function Frame() {
  return (
    <Live>
      <P1Notice />
      <AppShell header={{ height: 52 }} padding={0}>
        <AppShell.Header>
          <Group h="100%" px="md" gap="clamp(10px, 2.4vw, 20px)" wrap="nowrap">
            <Link to="/" className="plain-link" aria-label="Tierline, to the board">
              <Wordmark />
            </Link>
            <Pages />
            <Group ml="auto" gap="md" wrap="nowrap">
              <StopButton />
              <LineBadge />
              <SignedIn />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Main className="frame-main">
          <IsolationFailed />
          <StopBanner />
          <Outlet />
          <TrustLine />
        </AppShell.Main>
      </AppShell>
    </Live>
  )
}

/** Those that don't fit stand in the menu of whoever is signed in. */
function Pages() {
  const may = usePowers()
  const isProvider = useIsProvider()
  return (
    <Group component="nav" gap="clamp(10px, 2.4vw, 20px)" wrap="nowrap" className="frame-nav" aria-label="Pages">
      <Link to="/" activeOptions={{ exact: true }}>
        Board
      </Link>
      <Link to="/tickets">Tickets</Link>
      <Link to="/endpoints">Endpoints</Link>
      {isProvider && (
        <PageLink to="/teams" visibleFrom="lg">
          Teams
        </PageLink>
      )}
      {isProvider && may('work-tickets') && (
        <PageLink to="/mails" visibleFrom="lg">
          Mail
        </PageLink>
      )}
      <PageLink to="/maintenance" visibleFrom="lg">
        Maintenance
      </PageLink>
      {may('administer') && (
        <PageLink to="/administration" visibleFrom="md">
          Administration
        </PageLink>
      )}
      <Anchor href="/docs" visibleFrom="xs">
        Docs
      </Anchor>
    </Group>
  )
}
