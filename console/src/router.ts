import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import { resume, session, type Role } from './api/session'
import { isThere } from './lib/contract'
import { text } from './text'
import type { IconName } from './ui/icons'

declare module 'vue-router' {
  interface RouteMeta {
    /** Left out: anybody. */
    role?: Role
    title?: keyof typeof text.nav
  }
}

export interface NavItem {
  name: keyof typeof text.nav
  path: string
  icon: IconName
  role?: Role
  /** The operation without which there is nothing to show. */
  needs?: string
}
const all: { name: keyof typeof text.nav_group; items: NavItem[] }[] = [
  {
    name: 'watch',
    items: [
      { name: 'overview', path: '/overview', icon: 'overview' },
      { name: 'refused', path: '/refused', icon: 'refused' },
      { name: 'decisions', path: '/decisions', icon: 'decisions' },
      { name: 'sessions', path: '/sessions', icon: 'sessions' },
    ],
  },
  {
    name: 'law',
    items: [
      { name: 'chain', path: '/authentication', icon: 'chain' },
      { name: 'users', path: '/users', icon: 'users' },
      { name: 'jwt', path: '/jwt', icon: 'jwt' },
      { name: 'keys', path: '/keys', icon: 'keys' },
      { name: 'topics', path: '/topics', icon: 'topics' },
      { name: 'revocations', path: '/revocations', icon: 'revocations', needs: 'listRevocations' },
    ],
  },
  {
    name: 'change',
    items: [
      { name: 'try', path: '/try', icon: 'try' },
      { name: 'preview', path: '/preview', icon: 'preview', needs: 'previewDraft' },
      { name: 'revisions', path: '/revisions', icon: 'revisions' },
    ],
  },
  {
    name: 'house',
    items: [
      { name: 'administrators', path: '/administrators', icon: 'administrators', role: 'administrator' },
      { name: 'activity', path: '/activity', icon: 'activity', role: 'administrator' },
    ],
  },
]

export const nav = all.map((group) => ({ ...group, items: group.items.filter((item) => !item.needs || isThere(item.needs)) }))

const page = (path: string, title: keyof typeof text.nav, component: () => Promise<unknown>, role: Role = 'viewer'): RouteRecordRaw => ({
  path,
  component: component as RouteRecordRaw['component'] & (() => Promise<never>),
  meta: { title, role },
})

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/overview' },
  { path: '/sign-in', component: () => import('./pages/session/SignIn.vue') },
  { path: '/welcome/:invitation', component: () => import('./pages/session/FirstPassword.vue') },
  page('/overview', 'overview', () => import('./pages/overview/Overview.vue')),
  page('/refused', 'refused', () => import('./pages/refused/Refused.vue')),
  page('/refused/:reason', 'refused', () => import('./pages/refused/RefusedDevices.vue')),
  page('/devices/:client_id', 'refused', () => import('./pages/refused/Device.vue')),
  page('/decisions', 'decisions', () => import('./pages/decisions/Decisions.vue')),
  page('/decisions/:id', 'decisions', () => import('./pages/decisions/Decision.vue')),
  page('/sessions', 'sessions', () => import('./pages/sessions/Sessions.vue')),
  page('/authentication', 'chain', () => import('./pages/chain/Chain.vue')),
  page('/users', 'users', () => import('./pages/users/Users.vue')),
  page('/users/import', 'users', () => import('./pages/users/ImportUsers.vue'), 'operator'),
  page('/jwt', 'jwt', () => import('./pages/jwt/Jwt.vue')),
  page('/keys', 'keys', () => import('./pages/keys/Keys.vue')),
  page('/topics', 'topics', () => import('./pages/topics/Topics.vue')),
  ...(isThere('listRevocations') ? [page('/revocations', 'revocations', () => import('./pages/revocations/Revocations.vue'))] : []),
  page('/try', 'try', () => import('./pages/try/Try.vue')),
  page('/preview', 'preview', () => import('./pages/preview/Preview.vue'), 'operator'),
  page('/revisions', 'revisions', () => import('./pages/revisions/Revisions.vue')),
  page('/revisions/:number', 'revisions', () => import('./pages/revisions/Revision.vue')),
  page('/administrators', 'administrators', () => import('./pages/administrators/Administrators.vue'), 'administrator'),
  page('/activity', 'activity', () => import('./pages/activity/Activity.vue'), 'administrator'),
  page('/account', 'account', () => import('./pages/session/Account.vue')),
  { path: '/:rest(.*)*', component: () => import('./pages/session/NoSuchPage.vue'), meta: { role: 'viewer' } },
]

// The fragment never reaches a server or its log, which is where a one-time link keeps its secret.
export const router = createRouter({ history: createWebHashHistory(), routes, scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 } })

let asked = false
router.beforeEach(async (to) => {
  if (!to.meta.role) return true
  if (!session.value && !asked) {
    try {
      await resume()
      asked = true
    } catch {
      /* the sign-in page says what is wrong */
    }
  }
  return session.value ? true : { path: '/sign-in', query: to.path === '/' ? {} : { to: to.fullPath } }
})

router.afterEach((to, from) => {
  const title = to.meta.title ? text.nav[to.meta.title] : undefined
  document.title = title ? `${title} – ${text.product}` : text.product
  // A screen reader starts at the new page's heading, as with pages that a server sends; or at the field that was meant.
  if (from.matched.length > 0 && to.path !== from.path && !to.query.at) setTimeout(() => document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true }), 60)
})
