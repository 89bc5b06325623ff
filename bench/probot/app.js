// A small bot as Probot's own documentation has them: it listens for comments and finds that this one is not for it.
export default (app) => {
  app.on("issue_comment.created", async (context) => {
    if (context.payload.comment.body.startsWith("/lgtm")) {
      await context.octokit.rest.issues.addLabels(context.issue({ labels: ["lgtm"] }));
    }
  });
};
