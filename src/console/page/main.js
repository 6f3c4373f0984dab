// The script of every page of the console: starts what the page says that it is.

import { startApprovals } from './approvals.js';
import { startEnrolment } from './enroll.js';
import { startSignIn } from './sign-in.js';

const START = { 'sign-in': startSignIn, enroll: startEnrolment, approvals: startApprovals };

START[document.body.dataset.page]();
