import { computed, ref, shallowRef } from 'vue'
import { forgetLine } from '@/lib/live'
import { api, bodyOf, onSessionLost, setCsrf, type Schemas } from './client'
import { toProblem } from './problem'

export type Session = Schemas['Session']
export type Role = Schemas['Role']

export const session = shallowRef<Session>()
/** The session ended while a page was open: it stays as it is, and asks to sign in again on top. */
export const lostSession = ref(false)

const RANK: Record<Role, number> = { viewer: 0, operator: 1, administrator: 2 }

/** Hides what would be refused; the daemon is who decides. */
export function may(role: Role): boolean {
  return session.value !== undefined && RANK[session.value.role] >= RANK[role]
}
export const isOperator = computed(() => may('operator'))
export const isAdministrator = computed(() => may('administrator'))

function enter(next: Session): void {
  session.value = next
  setCsrf(next.csrf)
  lostSession.value = false
  forgetLine()
}

onSessionLost(() => {
  if (session.value) lostSession.value = true
})

/** Whether somebody is signed in already. */
export async function resume(): Promise<boolean> {
  try {
    enter(bodyOf(await api.GET('/session')))
    return true
  } catch (error) {
    if (toProblem(error).status === 401) return false
    throw error
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  enter(bodyOf(await api.POST('/session', { body: { name, password } })))
}

export async function useInvitation(invitation: string, name: string | undefined, password: string): Promise<void> {
  enter(bodyOf(await api.POST('/session/first', { body: { invitation, password, ...(name ? { name } : {}) } })))
}

export async function changePassword(old: string, next: string): Promise<void> {
  enter(bodyOf(await api.PUT('/session/password', { body: { old, new: next } })))
}

export async function signOut(): Promise<void> {
  try {
    await api.DELETE('/session')
  } finally {
    session.value = undefined
    setCsrf('')
    lostSession.value = false
  }
}
