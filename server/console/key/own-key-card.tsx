import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type BrowserKey, browserKeyType } from '#shared/api/browser-key.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { useSession } from '../session/session.ts'
import { useNow } from '../time/clock.tsx'
import { When } from '../time/when.tsx'
import { CopyText } from '../words/copy-text.tsx'
import { type BrowsersKey, canHaveKey, makeKey } from './browser-key.ts'

/** What this browser holds, and what became of it at the collector. */
export function OwnKeyCard({ own, known }: { own: BrowsersKey | null; known: BrowserKey }) {
  const isHandedIn = own !== null && known.requested?.kid === own.kid
  return (
    <SectionCard title="The key in this browser">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          It signs what is of medium risk at most, and it can be used by this page while you are signed in: the collector serves this page.
          What is risky needs a key file and <Code>tierline sign</Code>.
        </Text>
        {own && <Fingerprint kid={own.kid} />}
        <Standing own={own} known={known} isHandedIn={isHandedIn} />
        {canHaveKey() ? (
          <HandIn own={own} isHandedIn={isHandedIn} />
        ) : (
          <Alert color="orange">This browser makes no keys here: open the console by https, or on the machine that it runs on.</Alert>
        )}
      </Stack>
    </SectionCard>
  )
}

function Fingerprint({ kid }: { kid: string }) {
  return (
    <Group gap="xs">
      <Text size="sm">Fingerprint</Text>
      <Code className="breakable">{kid}</Code>
      <CopyText text={kid} what="the fingerprint" />
    </Group>
  )
}

interface Handed {
  own: BrowsersKey | null
  known: BrowserKey
  isHandedIn: boolean
}

function Standing({ own, known: { requested, certified }, isHandedIn }: Handed) {
  const now = useNow()
  if (own === null) return <Text size="sm">There is none in this browser{requested && '; you handed one in from another'}.</Text>
  if (!isHandedIn) return <Text size="sm">It is not the one that you handed in last.</Text>
  if (certified === null)
    return (
      <Text size="sm">
        Handed in <When at={requested?.askedAt ?? 0} />. It signs once somebody with an authority key certifies it: read the fingerprint out
        to them, and don’t send it by this collector.
      </Text>
    )
  if (certified.expiresAt <= now) return <Text size="sm">Its certificate has ended; ask for it to be certified again.</Text>
  return (
    <Text size="sm">
      Certified until <When at={certified.expiresAt} as="instant" /> for {certified.verbs.join(', ')}
      {!certified.organisations.includes('*') && `, at ${certified.organisations.join(', ')}`}.
    </Text>
  )
}

function HandIn({ own, isHandedIn }: Pick<Handed, 'own' | 'isHandedIn'>) {
  const api = useApi()
  const client = useQueryClient()
  const { person } = useSession()
  const handIn = useMutation({
    mutationFn: async (isNew: boolean) => {
      const made = isNew || own === null ? await makeKey(person.id) : own
      const { challenge } = await api.keyChallenge()
      await api.askForKey({ key: made.key, proof: await made.sign(challenge, browserKeyType) })
    },
    onSettled: () => Promise.all([keys.ownKey(person.id), keys.browserKey].map((queryKey) => client.invalidateQueries({ queryKey }))),
  })
  return (
    <>
      <Group gap="xs">
        {!isHandedIn && (
          <Button size="xs" loading={handIn.isPending} onClick={() => handIn.mutate(false)}>
            {own === null ? 'Make a key and hand it in' : 'Hand this one in'}
          </Button>
        )}
        {own !== null && (
          <Button size="xs" variant="default" loading={handIn.isPending} onClick={() => handIn.mutate(true)}>
            Make another in its place
          </Button>
        )}
      </Group>
      {handIn.error && <Alert color="red">{sentenceOf(handIn.error)}</Alert>}
    </>
  )
}
