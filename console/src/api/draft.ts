import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { api, bodyOf, type Schemas } from './client'
import { toProblem, type FieldFault, type Problem } from './problem'

export type Setting = Schemas['Setting']
export type Settings = Schemas['Settings']
export type Check = Schemas['DraftCheck']

/**
 * The one draft of settings: what a person changed on any page and has not made law. It lives in this tab's memory
 * alone, since it may hold secrets, and outlives going from page to page.
 */
export const settings = shallowRef<Settings>()
export const etag = ref('')
export const changes = reactive<Record<string, unknown>>({})
export const check = shallowRef<Check>()
export const checking = ref(false)
export const checkProblem = shallowRef<Problem>()

export const changed = computed(() => Object.keys(changes))
export const isDirty = computed(() => changed.value.length > 0)
export const byName = computed(() => new Map((settings.value?.settings ?? []).map((one) => [one.name, one])))

export async function loadSettings(signal?: AbortSignal): Promise<Settings> {
  const answer = await api.GET('/settings', { signal })
  settings.value = bodyOf(answer)
  etag.value = answer.response.headers.get('ETag') ?? ''
  return settings.value
}

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left ?? null) === JSON.stringify(right ?? null)

/** A list or table with secrets in it comes with only these masked; a secret itself never comes. */
const isHidden = (setting: Setting): boolean => setting.secret && (typeof setting.value !== 'object' || setting.value === null || '$set' in setting.value)

/** What the law says: the value where it can be read, undefined where it is not set or a secret. */
export function lawOf(name: string): unknown {
  const found = byName.value.get(name)
  return !found || isHidden(found) ? undefined : (found.value ?? undefined)
}

/** The draft's value, else the law's. */
export function valueOf(name: string): unknown {
  return name in changes ? (changes[name] ?? byName.value.get(name)?.default ?? undefined) : lawOf(name)
}

export function change(name: string, value: unknown): void {
  const setting = byName.value.get(name)
  // Taking out what the store does not have changes nothing.
  const nothing = setting && (value === null || value === undefined) && (setting.origin === 'default' || !setting.set)
  if (nothing || (setting && !isHidden(setting) && same(value, setting.value))) delete changes[name]
  else changes[name] = value ?? null
}

export const isChanged = (name: string): boolean => name in changes

export function undo(name: string): void {
  delete changes[name]
}

export function discard(): void {
  for (const name of Object.keys(changes)) delete changes[name]
  check.value = undefined
  checkProblem.value = undefined
}

/** What the daemon says: of the draft where one stands, else of the law. */
const said = computed(() => check.value ?? settings.value)
export const warnings = computed(() => said.value?.warnings ?? [])

export function faultsOf(name: string): { problems: FieldFault[]; notes: FieldFault[] } {
  const about = (list: { field?: string; cause: string; hint?: string }[] | undefined): FieldFault[] =>
    (list ?? []).filter((one) => one.field === name || one.field?.startsWith(`${name}.`)).map((one) => ({ ...one, field: one.field ?? '' }))
  return { problems: about(check.value?.problems), notes: [...about(said.value?.warnings), ...about(said.value?.advice)] }
}

let asked = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** The daemon itself judges the draft: a little after the last keystroke, and only the newest answer counts. */
export async function checkNow(): Promise<void> {
  clearTimeout(timer)
  if (!isDirty.value) {
    check.value = undefined
    return
  }
  const mine = ++asked
  checking.value = true
  try {
    const answer = bodyOf(await api.POST('/settings/check', { body: { changes: { ...changes } } }))
    if (mine !== asked) return
    check.value = answer
    checkProblem.value = undefined
  } catch (error) {
    if (mine === asked) checkProblem.value = toProblem(error)
  } finally {
    if (mine === asked) checking.value = false
  }
}

watch(changes, () => {
  clearTimeout(timer)
  asked += 1 // an answer under way speaks of an older draft
  checking.value = isDirty.value
  timer = setTimeout(() => void checkNow(), 250)
})

export async function makeLaw(why: string): Promise<Schemas['Revision']> {
  const answer = bodyOf(
    await api.POST('/settings/revisions', { params: { header: { 'If-Match': etag.value } }, body: { changes: { ...changes }, why } }),
  )
  discard()
  await loadSettings()
  return answer
}

/** After somebody was faster: the draft stays, what both changed is named. */
export async function rebase(): Promise<string[]> {
  const before = new Map([...byName.value].map(([name, one]) => [name, one.text]))
  await loadSettings()
  const both = changed.value.filter((name) => before.get(name) !== byName.value.get(name)?.text)
  for (const name of changed.value) change(name, changes[name])
  await checkNow()
  return both
}
