import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { Wordmark } from '../frame/wordmark.tsx'

export function SignInPage({ next }: { next: string }) {
  return (
    <Center mih="100dvh" p="md">
      <Paper component="main" withBorder shadow="sm" p="xl" w="100%" maw={380}>
        <Wordmark size="lg" />
        <Text c="dimmed" size="sm" mt={4} mb="md">
          Sign in to see who needs whom, and by when.
        </Text>
        <SignInForm next={next} />
        <Text c="dimmed" size="xs" mt="md">
          The first sign-in was printed where the collector was started. Lost it? Start it once with{' '}
          <Text span inherit ff="monospace">
            --reset-admin
          </Text>
          .
        </Text>
      </Paper>
    </Center>
  )
}

function SignInForm({ next }: { next: string }) {
  const signIn = useSignIn(next)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    signIn.mutate({ login: String(fields.get('login')), password: String(fields.get('password')) })
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        {signIn.error && (
          <Alert color="red" role="alert" p="sm">
            {sentenceOf(signIn.error)}
          </Alert>
        )}
        <TextInput name="login" label="Login" autoComplete="username" autoCapitalize="none" required withAsterisk={false} />
        <PasswordInput name="password" label="Password" autoComplete="current-password" required withAsterisk={false} />
        <Button type="submit" loading={signIn.isPending} fullWidth mt={4}>
          Sign in
        </Button>
      </Stack>
    </form>
  )
}

function useSignIn(next: string) {
  const api = useApi()
  const client = useQueryClient()
  const router = useRouter()
  return useMutation({
    mutationFn: api.signIn,
    onSuccess: (session) => {
      client.setQueryData(keys.session, session)
      router.history.push(next)
    },
  })
}
