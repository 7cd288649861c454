import { TextInput } from '@mantine/core'

/** It stands in the audit. */
export const ReasonInput = () => <TextInput name="reason" label="Why" maxLength={500} required data-autofocus />
